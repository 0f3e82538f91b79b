//! What all workers know of targets and credentials: which of them rest, and how many attempts are under way.
//!
//! It lives in cells that every worker reads and writes by compare-and-swap. The usual case costs one look at a cell
//! that is empty.

mod arrange;
mod board;
mod places;
mod tokens;

pub use arrange::arrange;
pub use board::{Board, Id, Standing};
pub use places::{BEAT_MS, Place, Room};

pub use crate::cells::{Cells, Memory};

use crate::clock::nanos;
use crate::config::{Config, Cooldown, Provider, Secret};
use crate::error::Class;
use crate::route::{Hash, Target};
use std::cell::{Ref, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// The cell of everything that rests or has failed lately.
const BOARD: &str = "tollgate.board";
/// Longest rest that a provider can ask for.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// Rest after a limit whose provider names no time.
const USUAL_LIMIT: Duration = Duration::from_secs(1);

/// A target or a credential has begun to rest, or is back: what the gauges show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Name of the provider.
    pub provider: String,
    /// Which of its targets or credentials.
    pub what: Rester,
    /// Whether it rests now.
    pub rests: bool,
}

/// What can rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rester {
    /// A target, by its public model where the configuration names it.
    Target(Option<String>),
    /// A credential, by its index.
    Credential(usize),
}

/// What one worker sees of it.
pub struct Health {
    cells: Box<dyn Cells>,
    /// Names this VM among those that count attempts.
    vm: u128,
    /// The board as it was seen last.
    seen: RefCell<Board>,
    changes: RefCell<Vec<Change>>,
    /// Credentials whose gauge this VM has set: provider, index, and the secret that stood there.
    shown: RefCell<Vec<(String, usize, Id)>>,
    /// Rooms with places held by this VM.
    held: RefCell<Vec<(Room, u32)>>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl Health {
    /// A worker's view; `vm` differs in every VM.
    pub fn new(cells: Box<dyn Cells>, vm: u128) -> Health {
        Health {
            cells,
            vm,
            seen: RefCell::default(),
            changes: RefCell::default(),
            shown: RefCell::default(),
            held: RefCell::default(),
        }
    }

    /// What all workers share.
    pub fn cells(&self) -> &dyn Cells {
        &*self.cells
    }

    /// The board as it is now.
    pub fn look(&self) -> Ref<'_, Board> {
        let bytes = self.cells.get(BOARD).map(|(bytes, _)| bytes).unwrap_or_default();
        if !self.seen.borrow().is_written_as(&bytes) {
            self.seen.replace(Board::read(&bytes));
        }
        self.seen.borrow()
    }

    /// The board as it was seen last.
    fn seen(&self) -> Ref<'_, Board> {
        self.seen.borrow()
    }

    /// Changes the board; a change that another worker has made in between is kept. `None`: too many were faster.
    fn change<T>(&self, mut with: impl FnMut(&mut Board) -> T) -> Option<T> {
        let (board, result) = self.cells.change(BOARD, |bytes| {
            let mut board = Board::read(bytes);
            let result = with(&mut board);
            let written = board.write();
            ((written != bytes).then_some(written), (board, result))
        })?;
        self.seen.replace(board);
        Some(result)
    }

    /// Takes the one probe of something whose rest is over; the others go on as if it rested. False if it is taken.
    pub fn take_probe(&self, id: Id, now: u64, rest: Duration) -> bool {
        self.change(|board| board.take_probe(id, now, rest)).unwrap_or(false)
    }

    /// An attempt failed: its target or its credential may have to rest. `wait` is what the provider asked for.
    pub fn failed(&self, failed: &Tried<'_>, class: Class, word: &str, wait: Option<Duration>, now: u64) {
        let Cooldown { after, rest } = failed.config.routing.cooldown;
        if let (Class::ProviderKey, "401", Some((_, token))) = (class, word, failed.secret()) {
            self.refuse_token(&failed.target.provider, token, now);
        }
        if rest.is_zero() {
            return;
        }
        match (class, failed.secret()) {
            (Class::ProviderKey | Class::ProviderLimit | Class::ProviderQuota, Some((index, secret))) => {
                // A bad key or an empty account is one for every model; a limit or a missing right mostly for one.
                let is_for_one = class == Class::ProviderLimit || word == "403";
                let id = credential(&failed.target.provider, secret, is_for_one.then_some(failed.target.sent.as_str()));
                // A limit that names no time is mostly over soon; its clients are told the same.
                let usual = if class == Class::ProviderLimit { rest.min(USUAL_LIMIT) } else { rest };
                let until = now.saturating_add(nanos(wait.unwrap_or(usual).min(LONGEST_REST)));
                self.change(|board| board.rest(id, until, now));
                self.say(failed.target, Rester::Credential(index), true);
                let whole = credential(&failed.target.provider, secret, None);
                self.hide(&failed.target.provider.name, index);
                self.shown.borrow_mut().push((failed.target.provider.name.clone(), index, whole));
            }
            (class, _) if class.is_providers() => {
                let rests = self.change(|board| board.fail(target(failed.target), now, after, rest));
                if rests == Some(true) {
                    self.say(failed.target, model(failed.target), true);
                }
            }
            _ => {}
        }
    }

    /// The first byte of an answer has come: whatever rested of it is back.
    pub fn answered(&self, served: &Tried<'_>, now: u64) {
        self.forget_replaced(served);
        self.cleared(served, |standing| standing != Standing::Well, now);
    }

    /// An answer is whole: failures that came before it were not in a row with those to come.
    pub fn completed(&self, served: &Tried<'_>, now: u64) {
        self.cleared(served, |_| true, now);
    }

    /// Forgets what the board says of an attempt, where that is to be cleared. Costs nothing while it says nothing.
    fn cleared(&self, served: &Tried<'_>, clears: impl Fn(Standing) -> bool, now: u64) {
        if self.seen.borrow().is_empty() {
            return;
        }
        let credentials = served.secret().map(|(index, secret)| (index, credentials(served.target, secret)));
        let ids = [Some(target(served.target)), credentials.map(|(_, ids)| ids[0]), credentials.map(|(_, ids)| ids[1])];
        let is_listed = |board: &Board, id: Id| board.has(id) && clears(board.standing(id, now));
        if !ids.iter().flatten().any(|id| is_listed(&self.seen.borrow(), *id)) {
            return;
        }
        let cleared = self.change(|board| ids.map(|id| id.is_some_and(|id| is_listed(board, id) && board.clear(id))));
        let [was_target, was_one, was_all] = cleared.unwrap_or_default();
        if was_target {
            self.say(served.target, model(served.target), false);
        }
        if let Some((index, _)) = credentials.filter(|_| was_one || was_all) {
            self.hide(&served.target.provider.name, index);
            self.say(served.target, Rester::Credential(index), false);
        }
    }

    /// Another secret stands where one rested that has been replaced: nobody will ever find that one well again.
    fn forget_replaced(&self, served: &Tried<'_>) {
        if self.shown.borrow().is_empty() {
            return;
        }
        let (Some((index, secret)), provider) = (served.secret(), &served.target.provider) else { return };
        let whole = credential(provider, secret, None);
        let is_replaced = |(name, at, shown): &(String, usize, Id)| {
            (name.as_str(), *at) == (provider.name.as_str(), index) && *shown != whole
        };
        if self.shown.borrow().iter().any(is_replaced) {
            self.hide(&provider.name, index);
            self.say(served.target, Rester::Credential(index), false);
        }
    }

    fn hide(&self, provider: &str, index: usize) {
        self.shown.borrow_mut().retain(|(name, at, _)| (name.as_str(), *at) != (provider, index));
    }

    fn say(&self, target: &Target, what: Rester, rests: bool) {
        let provider = target.provider.name.clone();
        self.changes.borrow_mut().push(Change { provider, what, rests });
    }

    /// What has changed since this was asked last.
    pub fn changes(&self) -> Vec<Change> {
        if self.changes.borrow().is_empty() { Vec::new() } else { self.changes.take() }
    }
}

/// One attempt, as its outcome counts.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Who was tried.
    pub target: &'a Target,
    /// Index of its credential.
    pub credential: Option<usize>,
}

impl<'a> Tried<'a> {
    fn secret(&self) -> Option<(usize, &'a Secret)> {
        let index = self.credential?;
        Some((index, self.target.secret(Some(index))?))
    }
}

/// What rests, as the gauge names it; a model without a name in the configuration has none there either.
fn model(target: &Target) -> Rester {
    Rester::Target(target.model.listed.map(|_| target.model.model.name.clone()))
}

/// Names a target on the board.
pub fn target(target: &Target) -> Id {
    Id::of(Hash::default().with(b"target").with(target.provider.name.as_bytes()).with(target.sent.as_bytes()))
}

/// Names a credential on the board: as a whole, and for the model of this target.
pub fn credentials(target: &Target, secret: &Secret) -> [Id; 2] {
    [credential(&target.provider, secret, None), credential(&target.provider, secret, Some(&target.sent))]
}

fn credential(provider: &Provider, secret: &Secret, sent: Option<&str>) -> Id {
    let hash = Hash::default().with(b"credential").with(provider.name.as_bytes()).with(secret.expose().as_bytes());
    Id::of(sent.into_iter().fold(hash, |hash, sent| hash.with(sent.as_bytes())))
}

/// Health that nobody shares.
pub fn alone() -> Rc<Health> {
    Rc::new(Health::new(Box::<Memory>::default(), 1))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
