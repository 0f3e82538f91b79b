//! Edits of a body as data: what goes, what comes, and where; everything else stays byte for byte.
//!
//! The places come from [`super::json`] and [`super::multipart`]. Only the bytes before [`Splice::end`] are needed
//! to apply the edits, so that the rest of a body is neither fetched nor copied.

use std::ops::Range;

use super::json::{Member, Object};

/// Bytes that replace other bytes. An empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes, as offsets in the original body.
    pub range: Range<usize>,
    /// What comes instead.
    pub with: Vec<u8>,
}

/// Removes any set of members, of one object or of several, with the commas that would be left over.
pub fn remove_members(members: &[Member]) -> Vec<Edit> {
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_by_key(|member| (member.object, member.ordinal));
    sorted.dedup_by_key(|member| (member.object, member.ordinal));
    let mut edits = Vec::with_capacity(sorted.len());
    // The object at hand, and how many of its first members go: these take the comma behind them along, all
    // others the one before them.
    let mut leading = (None, 0);
    for member in sorted {
        if leading.0 != Some(member.object) {
            leading = (Some(member.object), 0);
        }
        let end = member.value.end;
        let range = if member.ordinal == leading.1 {
            leading.1 = leading.1.saturating_add(1);
            member.start..member.comma_after.map_or(end, |comma| comma.saturating_add(1))
        } else {
            member.comma_before.unwrap_or(member.start)..end
        };
        edits.push(Edit { range, with: Vec::new() });
    }
    edits
}

/// Removes members as [`remove_members`] does, and inserts new ones as the first of an object. `insert` is JSON
/// such as `"a":1,"b":2`, without a comma at either end; empty inserts nothing.
pub fn edit_object(object: Object, remove: &[Member], insert: &[u8]) -> Vec<Edit> {
    let mut gone: Vec<usize> = remove.iter().filter(|m| m.object == object.open).map(|m| m.ordinal).collect();
    gone.sort_unstable();
    gone.dedup();
    let mut edits = remove_members(remove);
    if !insert.is_empty() {
        let first = object.open.saturating_add(1);
        let mut with = insert.to_vec();
        if object.members > gone.len() {
            with.push(b',');
        }
        edits.push(Edit { range: first..first, with });
    }
    edits
}

/// A set of edits in order, none inside another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Splice {
    edits: Vec<Edit>,
}

impl Splice {
    /// Puts edits in order. Of edits that overlap, the one that begins first (and of those the longest) is done, and
    /// the others are dropped: a value changed inside a removed member is gone. Insertions at one place keep their order.
    pub fn new(mut edits: Vec<Edit>) -> Splice {
        let is_insertion = |edit: &Edit| edit.range.is_empty();
        edits.sort_by_key(|edit| (edit.range.start, !is_insertion(edit), std::cmp::Reverse(edit.range.end)));
        let mut done = 0;
        edits.retain(|edit| {
            let keep = edit.range.start >= done && (!edit.range.is_empty() || !edit.with.is_empty());
            if keep {
                done = edit.range.end.max(edit.range.start);
            }
            keep
        });
        Splice { edits }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Where the last edit ends: only the bytes before it are needed.
    pub fn end(&self) -> usize {
        self.edits.last().map_or(0, |edit| edit.range.end)
    }

    /// By how much the body grows; negative when it shrinks.
    pub fn delta(&self) -> isize {
        self.edits.iter().fold(0, |delta: isize, edit| {
            delta.saturating_add_unsigned(edit.with.len()).saturating_sub_unsigned(edit.range.len())
        })
    }

    /// The bytes that replace `prefix`, which is the beginning of the body up to [`Splice::end`] or further.
    pub fn apply(&self, prefix: &[u8]) -> Vec<u8> {
        let length = prefix.len().saturating_add_signed(self.delta());
        let mut out = Vec::with_capacity(length);
        let mut from = 0;
        for Edit { range, with } in &self.edits {
            out.extend_from_slice(prefix.get(from..range.start).unwrap_or_default());
            out.extend_from_slice(with);
            from = range.end;
        }
        out.extend_from_slice(prefix.get(from..).unwrap_or_default());
        out
    }
}

#[cfg(test)]
mod tests;
