//! Where something stands in the document, and everything that is wrong with it.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

/// A place in the document, such as `providers[2].credentials[0].env`. Cheap to clone.
#[derive(Clone, Default)]
pub struct Path(Option<Rc<Step>>);

struct Step {
    parent: Path,
    /// Rank among its siblings: the index, or the position in the description of the document. A map that Envoy
    /// hands over has no order of its own, so this is the order in which mistakes are told.
    rank: usize,
    /// `None` for an element of a list.
    field: Option<String>,
}

impl Path {
    /// The field of a mapping.
    pub fn field(&self, name: &str, rank: usize) -> Path {
        self.step(rank, Some(name.to_owned()))
    }

    /// The element of a list.
    pub fn index(&self, index: usize) -> Path {
        self.step(index, None)
    }

    fn step(&self, rank: usize, field: Option<String>) -> Path {
        let parent = self.clone();
        Path(Some(Rc::new(Step { parent, rank, field })))
    }

    fn steps(&self) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut at = self;
        while let Some(step) = at.0.as_deref() {
            steps.push(step);
            at = &step.parent;
        }
        steps.reverse();
        steps
    }

    /// Its ancestor, or itself, of this many steps.
    fn up_to(&self, depth: usize) -> Path {
        let mut at = self;
        for _ in depth..self.steps().len() {
            if let Some(step) = at.0.as_deref() {
                at = &step.parent;
            }
        }
        at.clone()
    }

    fn order(&self, other: &Path) -> Ordering {
        let rank = |step: &&Step| (step.rank, step.field.clone());
        self.steps().iter().map(rank).cmp(other.steps().iter().map(rank))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let steps = self.steps();
        if steps.is_empty() {
            return f.write_str("configuration");
        }
        for (i, step) in steps.iter().enumerate() {
            match &step.field {
                None => write!(f, "[{}]", step.rank)?,
                Some(name) if !plain(name) => write!(f, "[{}]", quoted(name))?,
                Some(name) if i == 0 => f.write_str(name)?,
                Some(name) => write!(f, ".{name}")?,
            }
        }
        Ok(())
    }
}

/// Everything that is wrong with one document. `Display` prints one mistake per line, in the order of the document.
#[derive(Default)]
pub struct Mistakes(Vec<(Path, String)>);

impl Mistakes {
    /// Notes one mistake.
    pub(super) fn add(&mut self, path: &Path, text: impl Into<String>) {
        self.0.push((path.clone(), text.into()));
    }

    /// Whether this very place is noted: what follows from its absence need not be told.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.0.iter().any(|(noted, _)| noted.order(path).is_eq())
    }

    /// Whether this place or one below it is noted.
    pub(super) fn below(&self, path: &Path) -> bool {
        let depth = path.steps().len();
        self.0.iter().any(|(noted, _)| noted.up_to(depth).order(path).is_eq())
    }

    /// `Err` with all of them in the order of the document, unless there are none.
    pub(super) fn into_result(mut self) -> Result<(), Mistakes> {
        self.0.sort_by(|a, b| a.0.order(&b.0));
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Each as `path: found X, expected Y`.
    pub fn messages(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|(path, text)| format!("{path}: {text}"))
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, message) in self.messages().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&message)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.messages()).finish()
    }
}

impl std::error::Error for Mistakes {}

/// The text in quotes, control characters escaped, cut where it is long.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head:?}...")
}

/// ` (did you mean "x"?)` where one of the words is close enough, else nothing.
pub fn did_you_mean<'a>(found: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    let length = found.chars().count();
    let most = (length / 3).clamp(1, 3).min(length.saturating_sub(1));
    let nearest = words.into_iter().map(|word| (distance(found, word), word)).min_by_key(|(far, _)| *far);
    match nearest {
        Some((far, word)) if far <= most => format!(" (did you mean {}?)", quoted(word)),
        _ => String::new(),
    }
}

/// Levenshtein's distance, without regard to case; long words are never near.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, cb) in row.iter_mut().skip(1).zip(b.chars()) {
            let here = (diagonal + usize::from(ca != cb)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
