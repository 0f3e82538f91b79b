//! Tokens that the gateway fetches: one cell per metadata server, one worker that asks for all of them.

use super::Health;
use crate::config::{Provider, Secret};
use crate::token::{Cell, Fault, Fresh, Turn};
use std::time::Duration;

impl Health {
    /// The token that a provider is asked with now; `None` where it has none, and where it needs none.
    pub fn token(&self, provider: &Provider, now: u64) -> Option<Secret> {
        let (bytes, _) = self.cells.get(&name(provider.metadata_cluster()?))?;
        Cell::read(&bytes).token(now).cloned()
    }

    /// Whether a provider cannot be asked, because it goes by a token and there is none.
    pub fn lacks_token(&self, provider: &Provider, now: u64) -> bool {
        provider.metadata_cluster().is_some() && self.token(provider, now).is_none()
    }

    /// Whose turn it is to fetch the token of a cluster. `Now` is told to one asker of all workers.
    pub fn turn(&self, cluster: &str, now: u64) -> Turn {
        let turn = self.change_token(cluster, |cell| {
            let turn = cell.turn(now);
            if turn == Turn::Now {
                cell.lease(now);
            }
            (turn == Turn::Now, turn)
        });
        turn.unwrap_or(Turn::At(now))
    }

    /// What a fetch that began at a time has brought. On a failure: how many there were in a row, and the wait until
    /// the next try; on success: how many failures it ends.
    pub fn fetched(
        &self,
        cluster: &str,
        fetched: Result<Fresh, Fault>,
        asked: u64,
        now: u64,
    ) -> Result<u32, (Fault, Duration)> {
        let kept = self.change_token(cluster, |cell| {
            let failures = cell.failures();
            let told = match &fetched {
                Ok(fresh) => {
                    cell.keep(fresh.clone(), asked);
                    Ok(failures)
                }
                Err(fault) => Err((*fault, cell.fail(now))),
            };
            (true, told)
        });
        kept.unwrap_or(Ok(0))
    }

    /// A provider refused a token.
    pub(super) fn refuse_token(&self, provider: &Provider, token: &Secret, now: u64) {
        let Some(cluster) = provider.metadata_cluster() else { return };
        self.change_token(cluster, |cell| (cell.refuse(token, now), ()));
    }

    /// Changes a cell, where the change says that it is one. `None`: too many others were faster.
    fn change_token<T>(&self, cluster: &str, with: impl Fn(&mut Cell) -> (bool, T)) -> Option<T> {
        self.cells.change(&name(cluster), |bytes| {
            let mut cell = Cell::read(bytes);
            let (is_change, result) = with(&mut cell);
            (is_change.then(|| cell.write()), result)
        })
    }
}

fn name(cluster: &str) -> String {
    format!("tollgate.token.{cluster}")
}

#[cfg(test)]
mod tests;
