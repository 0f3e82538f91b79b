//! Recorded answers and streams of every provider.

use tollgate::chat::{Event, Ids, Raw, Request};
use tollgate::dialect::anthropic::client::Encoder;
use tollgate::dialect::spoken;

use super::support::{Turn, decoded, ids, piped};

impl Turn {
    pub fn ids(&self) -> Ids {
        Ids { model: self.model.clone(), ..ids() }
    }

    /// The events of its stream, in pieces.
    pub fn events(&self, pieces: &[&[u8]]) -> Vec<Event> {
        decoded(&mut *spoken::decoder(self.dialect, &self.ids()), pieces)
    }

    /// What a client gets of its stream, in pieces.
    pub fn translate(&self, pieces: &[&[u8]]) -> Vec<u8> {
        let mut encoder = Encoder::new(&Request::default(), &self.ids());
        piped(&mut *spoken::decoder(self.dialect, &self.ids()), pieces, |events, out| {
            // It is told at the latest before the end.
            if events.contains(&Event::End) {
                encoder.tell(gateway());
            }
            encoder.feed(events, out);
        })
    }
}

/// What the gateway says of itself.
pub fn gateway() -> Raw {
    Raw::parse(r#"{"generationId":"gen_01JTEST","cost":"0.00012"}"#).unwrap()
}
