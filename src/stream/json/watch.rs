//! Follows the grammar's events along the paths asked for, and copies what stands at their ends.

use std::borrow::Cow;

use super::capture::{Copy, Excess, Window};
use super::error::Problem;
use super::grammar::{Events, Kind};
use super::opening::Opening;
use super::texts::Texts;
use super::{Capture, Keep, Member, Object, Path};

/// The longest key that is compared, in bytes as written.
const MAX_KEY: usize = 512;

/// How often the value of a path may stand in a document.
const MAX_MEMBERS: usize = 64;

/// A set of paths, by index.
type Set = u64;

/// What is known about the paths.
#[derive(Debug)]
pub(super) struct Paths {
    paths: &'static [Path],
    found: Vec<Found>,
    root: Option<Kind>,
    object: Option<Object>,
    /// The open containers in which keys matter, outermost first; those further inside are of no interest.
    levels: Vec<Level>,
    /// The values being copied, outermost first.
    copies: Vec<Copying>,
    key: Option<Copy>,
    opening: Opening,
}

#[derive(Debug, Default)]
struct Found {
    capture: Option<Capture>,
    members: Vec<Member>,
}

/// A container in which keys matter.
#[derive(Debug)]
struct Level {
    within: Within,
    open: usize,
    members: usize,
    comma: Option<usize>,
    key: usize,
    /// The paths that go on with the current key.
    matched: Set,
    /// The paths whose member has just ended.
    ended: Set,
}

#[derive(Clone, Copy, Debug)]
enum Within {
    /// An object on the way of these paths.
    Object(Set),
    /// The array whose opening is collected for this path.
    Messages { cap: usize },
    /// One of its elements.
    Message,
}

#[derive(Debug)]
struct Copying {
    target: Target,
    kind: Kind,
    depth: usize,
    copy: Copy,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Path(usize),
    Element(usize),
    Role,
}

impl Paths {
    pub(super) fn new(paths: &'static [Path]) -> Paths {
        Paths {
            paths,
            found: paths.iter().map(|_| Found::default()).collect(),
            root: None,
            object: None,
            levels: Vec::new(),
            copies: Vec::new(),
            key: None,
            opening: Opening::default(),
        }
    }

    pub(super) fn capture(&self, path: usize) -> Option<&Capture> {
        self.found.get(path)?.capture.as_ref()
    }

    pub(super) fn members(&self, path: usize) -> &[Member] {
        self.found.get(path).map(|found| found.members.as_slice()).unwrap_or_default()
    }

    pub(super) fn root(&self) -> Option<Kind> {
        self.root
    }

    pub(super) fn object(&self) -> Option<Object> {
        self.object
    }

    /// Keeps what must be kept of a chunk that is about to go.
    pub(super) fn leave(&mut self, window: Window<'_>) {
        let copies = self.copies.iter_mut().map(|copying| &mut copying.copy);
        for copy in copies.chain(&mut self.key) {
            copy.take(window, usize::MAX);
        }
    }

    /// The paths of a set whose next key is this one.
    fn matching(&self, set: Set, depth: usize, key: &[u8]) -> Result<Set, Problem> {
        let place = depth.saturating_sub(1);
        let mut matched = 0;
        for (index, path) in self.each(set) {
            if path.keys.get(place).is_some_and(|expected| expected.as_bytes() == key) {
                matched |= bit(index);
                if self.members(index).len() >= MAX_MEMBERS {
                    return Err(Problem::TooManyRepeats);
                }
            }
        }
        Ok(matched)
    }

    fn each(&self, set: Set) -> impl Iterator<Item = (usize, &'static Path)> + use<> {
        let (paths, mut left) = (self.paths, set);
        std::iter::from_fn(move || {
            let index = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            Some((index, paths.get(index)?))
        })
    }

    fn enter(&mut self, within: Within, open: usize) {
        let level = Level { within, open, members: 0, comma: None, key: 0, matched: 0, ended: 0 };
        self.levels.push(level);
    }

    fn copy(&mut self, target: Target, kind: Kind, at: usize, depth: usize, keep: Keep) {
        let (cap, excess) = match keep {
            Keep::Place => (0, Excess::Drop),
            Keep::Opening(_) if kind == Kind::Array => (0, Excess::Drop),
            Keep::Whole(cap) => (cap, Excess::Drop),
            Keep::Prefix(cap) | Keep::Opening(cap) => (cap, Excess::Cut),
        };
        self.copies.push(Copying { target, kind, depth, copy: Copy::new(at, cap, excess) });
    }

    /// A value begins behind a key that some paths go through.
    fn member_start(&mut self, matched: Set, kind: Kind, at: usize, depth: usize) {
        let mut further: Set = 0;
        let mut messages = None;
        for (index, path) in self.each(matched) {
            if path.keys.len() > depth {
                further |= bit(index);
                if let Some(found) = self.found.get_mut(index) {
                    found.capture = None;
                }
                continue;
            }
            self.copy(Target::Path(index), kind, at, depth, path.keep);
            if let (Keep::Opening(cap), Kind::Array) = (path.keep, kind) {
                messages = Some(cap);
            }
        }
        match messages {
            Some(cap) => {
                self.opening = Opening::default();
                self.enter(Within::Messages { cap }, at);
            }
            None if kind == Kind::Object && further != 0 => self.enter(Within::Object(further), at),
            None => {}
        }
    }

    fn copied(&mut self, copying: Copying, end: usize) {
        let Copying { target, kind, copy, .. } = copying;
        let value = copy.start..end;
        match target {
            Target::Role => self.opening.role(&copy.finish().unwrap_or_default()),
            Target::Element(cap) => self.opening.element(&copy.finish().unwrap_or_default(), cap),
            Target::Path(index) => {
                let raw = match self.paths.get(index).map(|path| path.keep) {
                    Some(Keep::Opening(_)) if kind == Kind::Array => Some(std::mem::take(&mut self.opening).finish()),
                    Some(Keep::Place) | None => None,
                    Some(_) => copy.finish(),
                };
                let (Some(level), Some(found)) = (self.levels.last_mut(), self.found.get_mut(index)) else {
                    return;
                };
                level.ended |= bit(index);
                found.capture = Some(Capture { value: value.clone(), raw, kind });
                found.members.push(Member {
                    object: level.open,
                    ordinal: level.members.saturating_sub(1),
                    comma_before: level.comma,
                    start: level.key,
                    value,
                    comma_after: None,
                });
            }
        }
    }
}

fn bit(index: usize) -> Set {
    u32::try_from(index).ok().and_then(|index| Set::checked_shl(1, index)).unwrap_or_default()
}

/// The paths together with the chunk being read.
pub(super) struct Watch<'a> {
    pub paths: &'a mut Paths,
    pub texts: &'a mut Texts,
    pub window: Window<'a>,
}

impl Events for Watch<'_> {
    fn key_start(&mut self, at: usize, depth: usize) {
        let paths = &mut *self.paths;
        let is_on_a_path = paths.levels.len() == depth;
        if let Some(level) = paths.levels.last_mut().filter(|_| is_on_a_path) {
            level.members = level.members.saturating_add(1);
            level.key = at;
        }
        if !is_on_a_path && !self.texts.wants_keys() {
            return;
        }
        paths.key = Some(Copy::new(at, MAX_KEY, Excess::Drop));
    }

    fn key_end(&mut self, end: usize, depth: usize) -> Result<(), Problem> {
        let paths = &mut *self.paths;
        let Some(mut copy) = paths.key.take() else {
            return Ok(());
        };
        let whole;
        let raw = match self.window.whole(copy.start..end) {
            Some(raw) => raw,
            None => {
                copy.take(self.window, end);
                whole = copy.finish().unwrap_or_default();
                &whole
            }
        };
        let key = unescape(raw);
        self.texts.key(&key);
        if paths.levels.len() != depth {
            return Ok(());
        }
        let matched = match paths.levels.last().map(|level| level.within) {
            Some(Within::Object(set)) => paths.matching(set, depth, &key)?,
            Some(Within::Message) => Set::from(*key == *b"role"),
            _ => 0,
        };
        if let Some(level) = paths.levels.last_mut() {
            level.matched = matched;
        }
        Ok(())
    }

    fn value_start(&mut self, kind: Kind, at: usize, depth: usize) {
        match kind {
            Kind::String => self.texts.start(),
            Kind::Number => self.texts.number(),
            _ => {}
        }
        let paths = &mut *self.paths;
        if paths.levels.len() != depth {
            return;
        }
        let Some(level) = paths.levels.last() else {
            paths.root = Some(kind);
            if kind == Kind::Object {
                paths.object = Some(Object { open: at, members: 0 });
                paths.enter(Within::Object(Set::MAX), at);
            }
            return;
        };
        match (level.within, level.matched) {
            (Within::Object(_), 0) | (Within::Message, 0) => {}
            (Within::Object(_), matched) => paths.member_start(matched, kind, at, depth),
            (Within::Messages { cap }, _) if !paths.opening.is_over() => {
                paths.copy(Target::Element(cap), kind, at, depth, Keep::Prefix(cap));
                if kind == Kind::Object {
                    paths.enter(Within::Message, at);
                }
            }
            (Within::Messages { .. }, _) => {}
            (Within::Message, _) => paths.copy(Target::Role, kind, at, depth, Keep::Whole(16)),
        }
    }

    fn text(&mut self, bytes: &[u8]) {
        self.texts.add(bytes);
    }

    fn escaped(&mut self, unit: u16) {
        self.texts.escaped(unit);
    }

    fn value_end(&mut self, end: usize, depth: usize) {
        self.texts.end();
        let paths = &mut *self.paths;
        if paths.levels.len() > depth {
            let closed = paths.levels.pop();
            if let (Some(level), Some(object), 0) = (closed, &mut paths.object, depth) {
                object.members = level.members;
            }
        }
        while let Some(mut copying) = paths.copies.pop_if(|copying| copying.depth == depth) {
            copying.copy.take(self.window, end);
            paths.copied(copying, end);
        }
    }

    fn comma(&mut self, at: usize, depth: usize) {
        let paths = &mut *self.paths;
        if paths.levels.len() != depth {
            return;
        }
        let Some(level) = paths.levels.last_mut() else {
            return;
        };
        level.comma = Some(at);
        let ended = std::mem::take(&mut level.ended);
        if ended == 0 {
            return;
        }
        for (index, _) in paths.each(ended) {
            if let Some(member) = paths.found.get_mut(index).and_then(|found| found.members.last_mut()) {
                member.comma_after = Some(at);
            }
        }
    }
}

/// The text of a key; as it is when nothing in it is escaped.
fn unescape(raw: &[u8]) -> Cow<'_, [u8]> {
    let plain = raw.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\"")).unwrap_or_default();
    if memchr::memchr(b'\\', plain).is_none() {
        return Cow::Borrowed(plain);
    }
    Cow::Owned(serde_json::from_slice::<String>(raw).unwrap_or_default().into_bytes())
}
