//! The last generations of this Envoy, found by id from any worker.
//!
//! They lie in a ring of cells that all workers share, whose names never change: memory is bounded, and a request costs
//! one write, without a look before it. The end of a generation's id names its cell, so a search is one look, too.

mod record;
mod slot;

pub use record::{Owner, Record};
pub use slot::{LANES, Lane, PLACES};

use crate::health::Cells;

/// Begins every name of a cell.
const CELL: &str = "tollgate.generation.";
/// The cell that counts the workers which have taken a lane.
const WORKERS: &str = "tollgate.generation";
/// Longest record that is kept, in bytes. Names of models and callers can be long; they cannot fill memory.
const LONGEST: usize = 1024;

/// Takes a worker's own part of the ring, once in its life.
pub fn take_lane(cells: &dyn Cells) -> Lane {
    let taken = cells.change(WORKERS, |bytes| {
        let worker = bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        (Some(worker.wrapping_add(1).to_le_bytes().to_vec()), worker)
    });
    Lane::of(taken.unwrap_or(0))
}

/// Keeps a record in the cell that its id names, whatever stood there.
pub fn keep(cells: &dyn Cells, record: &Record) {
    let bytes = record.write();
    if let Some(cell) = cell(&record.id).filter(|_| bytes.len() <= LONGEST) {
        cells.put(&cell, &bytes);
    }
}

/// Finds the record of an id, if nothing newer has taken its place.
pub fn find(cells: &dyn Cells, id: &str) -> Option<Record> {
    let (bytes, _) = cells.get(&cell(id)?)?;
    Record::read(&bytes).filter(|record| record.id == id)
}

/// The cell of an id; `None` of what is none.
fn cell(id: &str) -> Option<String> {
    let mut name = CELL.to_owned();
    name.push_str(slot::text_of(id)?);
    Some(name)
}

#[cfg(test)]
mod tests;
