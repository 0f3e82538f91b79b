//! What one request may spend: the counters of budgets that it counts on, looked at before it goes on its way, and
//! charged when it is over.

use crate::access::Caller;
use crate::cells::Cells;
use crate::clock::rfc3339;
use crate::config::Config;
use crate::error::Error;
use crate::meter::estimate::Most;
use crate::meter::{Budget, Cap, Each, Held, Ledger, Matching, Share, Standing};
use crate::route::{Ask, Options, Plan, Target};
use std::rc::Rc;

/// The counters that a request counts on, in the order of the document.
#[derive(Debug, Default)]
pub struct Purse {
    shares: Vec<Share>,
    accounts: Vec<Account>,
    /// Nobody said what the counters hold: they are taken for unspent, and nothing is told of them.
    is_unknown: bool,
    /// `x-tollgate-downgraded`: why another model serves than the one that was asked for.
    downgraded: Option<String>,
}

/// What is known of one counter.
#[derive(Debug, Default)]
struct Account {
    standing: Standing,
    held: Option<Held>,
    /// What the request may take, where there was no room to hold it.
    too_much: Option<u64>,
    /// Whether a target of the plan counts on it.
    is_concerned: bool,
    /// The model that serves once nothing is left, where the caller may use it.
    cheaper: Option<String>,
    /// Nothing is left, and another model serves for that: it counts, and asks for nothing more.
    has_yielded: bool,
}

/// What the counters say of a plan.
#[derive(Debug)]
pub enum Decision {
    /// It may go on its way, with the targets that are left.
    Go,
    /// The plan is to be made anew for this model.
    Use(String),
    /// Nothing is left to spend.
    Refuse(Error),
}

impl Purse {
    /// The counters of who asks; those of providers and models are in it as long as it is not known who serves.
    pub fn of(config: &Config, caller: &Caller, ask: &Ask) -> Purse {
        Purse::among(&config.budgets, config, caller, &ask.options)
    }

    /// The counters of money on which every request of a caller counts, whatever it asks for and whoever serves it.
    pub fn of_account(config: &Config, caller: &Caller) -> Purse {
        let is_every = |budget: &&Rc<Budget>| !budget.is_of_targets() && budget.each != Some(Each::User);
        let money = config.budgets.iter().filter(|budget| matches!(budget.cap, Cap::Money(_)));
        Purse::among(money.filter(is_every), config, caller, &Options::default())
    }

    fn among<'a>(
        budgets: impl IntoIterator<Item = &'a Rc<Budget>>,
        config: &Config,
        caller: &Caller,
        options: &Options,
    ) -> Purse {
        let mut purse = Purse::default();
        for budget in budgets {
            if !is_of_request(&budget.matching, caller, options) {
                continue;
            }
            let of = budget.each.map(|each| value(each, config, caller, options));
            let cheaper = budget.on_exceed.clone().filter(|model| caller.may_use(&config.access, model));
            purse.shares.push(Share { budget: budget.clone(), of });
            purse.accounts.push(Account { cheaper, ..Account::default() });
        }
        purse
    }

    /// Whether no budget applies.
    pub fn is_empty(&self) -> bool {
        self.shares.is_empty()
    }

    /// The counters.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// Reads the counters of the local ledger.
    pub fn look(&mut self, cells: &dyn Cells, now: u64) {
        for (account, share) in self.accounts.iter_mut().zip(&self.shares) {
            account.standing = Ledger(cells).look(share, now);
        }
    }

    /// Takes what another ledger says of the counters, in their order.
    pub fn told(&mut self, standings: Vec<Standing>) {
        for (account, standing) in self.accounts.iter_mut().zip(standings) {
            account.standing = standing;
        }
    }

    /// The other ledger says nothing, and the request may go on all the same.
    pub fn untold(&mut self) {
        self.is_unknown = true;
    }

    /// Takes out of the plan every target that counts on a budget without anything left: where none is left then, a cheaper
    /// model serves, or nobody. What costs us nothing stays: a target on a credential of the caller's own and, as far as
    /// money goes, one whose price nobody knows.
    pub fn decide(&mut self, plan: &mut Plan, now: u64) -> Decision {
        let asked = plan.asked.model.name.clone();
        let over: Vec<usize> = self.over().collect();
        for index in &over {
            if let Some(account) = self.accounts.get_mut(*index) {
                account.has_yielded |= account.cheaper.as_ref() == Some(&asked);
            }
        }
        let stops = |index: usize, target: &Target| {
            let serves_instead = self.has_yielded(index) && target.model.model.name == asked;
            let counted = |share: &Share| counts(&share.budget, target) && may_cost(&share.budget, target);
            !serves_instead && self.shares.get(index).is_some_and(counted)
        };
        let over: Vec<usize> =
            over.into_iter().filter(|index| plan.targets.iter().any(|target| stops(*index, target))).collect();
        let is_left = |target: &Target| !over.iter().any(|index| stops(*index, target));
        if plan.targets.iter().any(is_left) {
            plan.targets.retain(is_left);
            for (account, share) in self.accounts.iter_mut().zip(&self.shares) {
                account.is_concerned = plan.targets.iter().any(|target| counts(&share.budget, target));
            }
            return Decision::Go;
        }
        let is_helpless = |index: &usize| !self.is_of_targets(*index) && self.cheaper(*index).is_none();
        let mut asking = over.iter().copied().filter(|index| !self.has_yielded(*index));
        let helpless = asking.clone().find(is_helpless);
        match asking.clone().find_map(|index| Some((index, self.cheaper(index)?))).filter(|_| helpless.is_none()) {
            Some((index, model)) => {
                let id = self.shares.get(index).map_or("", |share| &share.budget.id);
                let first = self.downgraded.take().unwrap_or_else(|| format!("{id}: {asked}"));
                let first = first.split_once(" -> ").map_or(first.as_str(), |(first, _)| first);
                self.downgraded = Some(format!("{first} -> {model}"));
                Decision::Use(model)
            }
            None => Decision::Refuse(self.refusal(helpless.or_else(|| asking.next()).or(over.first().copied()), now)),
        }
    }

    /// Holds the most that the request can take of whoever serves it, of the budgets that reserve: all of it or nothing.
    /// False: there is no room for it, and the plan is to be decided anew.
    #[must_use]
    pub fn hold(&mut self, cells: &dyn Cells, plan: &Plan, most: &dyn Fn(&Target) -> Most, id: u64, now: u64) -> bool {
        for (account, share) in self.accounts.iter_mut().zip(&self.shares) {
            let budget = &share.budget;
            if !budget.reserve || account.has_yielded {
                continue;
            }
            let counted = plan.targets.iter().filter(|target| counts(budget, target)).map(most);
            let Some(amount) = counted.filter_map(|most| budget.cap.share_of(most.pico, most.tokens)).max() else {
                continue;
            };
            match Ledger(cells).hold(share, amount, id, now) {
                Ok((held, standing)) => (account.held, account.standing) = (Some(held), standing),
                Err(standing) => {
                    (account.too_much, account.standing) = (Some(amount), standing);
                    self.charge(cells, None, None, 0, now);
                    return false;
                }
            }
        }
        true
    }

    /// Counts what the request has spent, and ends what was held for it. `served` is who answered.
    pub fn charge(&mut self, cells: &dyn Cells, served: Option<&Target>, pico: Option<u64>, tokens: u64, now: u64) {
        let amounts = self.amounts(served, pico, tokens);
        for ((account, share), amount) in self.accounts.iter_mut().zip(&self.shares).zip(amounts) {
            let held = account.held.take();
            if amount > 0 || held.is_some() {
                account.standing = Ledger(cells).charge(share, amount, held, now);
            }
        }
    }

    /// What each of the counters counts of what was spent, in their order.
    pub fn amounts(&self, served: Option<&Target>, pico: Option<u64>, tokens: u64) -> Vec<u64> {
        let amount = |share: &Share| {
            if served.is_some_and(|target| counts(&share.budget, target)) {
                share.budget.cap.share_of(pico, tokens).unwrap_or(0)
            } else {
                0
            }
        };
        self.shares.iter().map(amount).collect()
    }

    /// Adds what was charged to what is known of the counters, where another ledger counts.
    pub fn spent(&mut self, amounts: &[u64]) {
        for (account, amount) in self.accounts.iter_mut().zip(amounts) {
            account.standing.spent = account.standing.spent.saturating_add(*amount);
        }
    }

    /// What answers say of budgets.
    pub fn headers(&self, now: u64) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        let warnings: Vec<String> =
            self.concerned().filter_map(|(share, standing)| warning(share, standing, now)).collect();
        if !warnings.is_empty() {
            headers.push(("x-tollgate-budget-warning", warnings.join(", ")));
        }
        headers.extend(self.downgraded.clone().map(|text| ("x-tollgate-downgraded", text)));
        headers
    }

    /// Pico-USD that are left of the tightest budget of money that counts whoever serves.
    pub fn left(&self) -> Option<u64> {
        let money = self.counters().filter(|(share, _)| !share.budget.is_of_targets());
        let left = money.filter_map(|(share, standing)| match share.budget.cap {
            Cap::Money(_) => Some(standing.left(share.budget.cap)),
            Cap::Tokens(_) => None,
        });
        left.min()
    }

    /// The counters of the plan's targets.
    fn concerned(&self) -> impl Iterator<Item = (&Share, Standing)> {
        let accounts = self.shares.iter().zip(&self.accounts);
        accounts
            .filter(|(_, account)| account.is_concerned && !self.is_unknown)
            .map(|(share, account)| (share, account.standing))
    }

    /// The counters, and what they hold; none where that is not known.
    pub fn counters(&self) -> impl Iterator<Item = (&Share, Standing)> {
        let counters = self.shares.iter().zip(self.accounts.iter().map(|account| account.standing));
        counters.filter(|_| !self.is_unknown)
    }

    /// Indexes of the counters that have nothing left, or not as much as the request may take.
    fn over(&self) -> impl Iterator<Item = usize> {
        let accounts = self.shares.iter().zip(&self.accounts).enumerate();
        let over = accounts.filter(|(_, (share, account))| {
            account.too_much.is_some() || !account.standing.has_room(share.budget.cap, 0)
        });
        over.map(|(index, _)| index)
    }

    fn is_of_targets(&self, index: usize) -> bool {
        self.shares.get(index).is_some_and(|share| share.budget.is_of_targets())
    }

    fn has_yielded(&self, index: usize) -> bool {
        self.accounts.get(index).is_some_and(|account| account.has_yielded)
    }

    /// The model that serves once nothing is left.
    fn cheaper(&self, index: usize) -> Option<String> {
        self.accounts.get(index)?.cheaper.clone()
    }

    /// Why nobody serves where the cheaper model cannot either: the budget that asked for it.
    pub fn refused(&self, now: u64) -> Error {
        self.refusal(self.over().find(|index| self.cheaper(*index).is_some()), now)
    }

    fn refusal(&self, index: Option<usize>, now: u64) -> Error {
        let found = index.and_then(|index| self.shares.get(index).zip(self.accounts.get(index)));
        let Some((share, Account { standing, too_much, .. })) = found else {
            return Error::over_budget("A budget is spent.", None);
        };
        let Budget { id, cap, per, .. } = &*share.budget;
        let of = format!("{} {}", cap.told(standing.spent), per.told());
        let held = Some(standing.held).filter(|held| *held > 0);
        let held = held.map(|held| format!(", {} held for requests under way", cap.amount_told(held)));
        let mut message = match too_much.filter(|_| standing.taken() < cap.amount()) {
            Some(most) => {
                format!("This request may take {}, more than the budget `{id}` has left", cap.amount_told(most))
            }
            None => format!("The budget `{id}` is spent"),
        };
        message.push_str(&format!(": {of}{}.", held.unwrap_or_default()));
        let resets = per.bounds(now).1.map(rfc3339);
        if let Some(resets) = &resets {
            message.push_str(&format!(" It begins anew at {resets}."));
        }
        Error::over_budget(message, resets)
    }
}

/// Whether requests of this caller, user and tags count, whoever serves them.
fn is_of_request(matching: &Matching, caller: &Caller, options: &Options) -> bool {
    let Matching { key, group, tag, user, .. } = matching;
    key.is_none_or(|key| caller.key == Some(key))
        && group.is_none_or(|group| caller.group == Some(group))
        && tag.as_ref().is_none_or(|tag| options.tags.contains(tag))
        && user.as_ref().is_none_or(|user| options.user.as_ref() == Some(user))
}

/// Whether an answer of this target counts.
fn counts(budget: &Budget, target: &Target) -> bool {
    let Matching { provider, model, .. } = &budget.matching;
    target.lent.is_none()
        && provider.is_none_or(|provider| target.provider_id == provider)
        && model.as_ref().is_none_or(|model| target.model.model.name == *model)
}

/// Whether an answer of this target can spend any of a budget. Servers of one's own have no price mostly, and are not to
/// stand still for what others cost.
fn may_cost(budget: &Budget, target: &Target) -> bool {
    matches!(budget.cap, Cap::Tokens(_)) || target.price.is_some() || target.provider.preset.reports_cost()
}

/// Which of a budget's counters is this request's.
fn value(each: Each, config: &Config, caller: &Caller, options: &Options) -> String {
    match each {
        // `/` is in no key's id: an identity of the same name is somebody else.
        Each::Key if caller.key.is_none() => format!("identity/{}", caller.id),
        Each::Key => caller.id.clone(),
        Each::Group => caller.group(&config.access).map(|group| group.name.clone()).unwrap_or_default(),
        Each::User => options.user.clone().unwrap_or_default(),
    }
}

/// `search-monthly: 1650 of 2000 USD, until 2026-12-01T00:00:00.000Z`
fn warning(share: &Share, standing: Standing, now: u64) -> Option<String> {
    let Budget { id, cap, per, .. } = &*share.budget;
    if !share.budget.warns(standing) {
        return None;
    }
    let until = per.bounds(now).1.map(|end| format!(", until {}", rfc3339(end)));
    Some(format!("{id}: {}{}", cap.told(standing.spent), until.unwrap_or_default()))
}

#[cfg(test)]
mod tests;
