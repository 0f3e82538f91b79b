//! The opening of a conversation: what stays the same in every later turn of it.
//!
//! These are the elements of an array of messages up to the first from the user, of which only those of the
//! roles `system`, `developer` and `user` count.

/// The role that a message names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Role {
    System,
    User,
    #[default]
    Other,
}

/// Collects the opening of one array.
#[derive(Debug, Default)]
pub(super) struct Opening {
    kept: Vec<u8>,
    role: Role,
    is_over: bool,
}

impl Opening {
    /// Whether a further element would matter.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The raw value of the member `role` of the current element.
    pub(super) fn role(&mut self, raw: &[u8]) {
        self.role = match raw {
            br#""user""# => Role::User,
            br#""system""# | br#""developer""# => Role::System,
            _ => Role::Other,
        };
    }

    /// The current element ended; `raw` is its beginning. At most `cap` bytes are kept in all.
    pub(super) fn element(&mut self, raw: &[u8], cap: usize) {
        let role = std::mem::take(&mut self.role);
        let room = cap.saturating_sub(self.kept.len());
        if role != Role::Other {
            self.kept.extend_from_slice(raw.get(..room).unwrap_or(raw));
        }
        self.is_over = role == Role::User || self.kept.len() >= cap;
    }

    /// What was collected.
    pub(super) fn finish(self) -> Vec<u8> {
        self.kept
    }
}
