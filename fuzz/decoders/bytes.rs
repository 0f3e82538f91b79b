//! Bytes, cut and changed by numbers that only a seed decides.

/// A generator that gives the same numbers for the same seed.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A generator that the bytes decide, so that an input alone says how it is tried.
    pub fn of(data: &[u8]) -> Rng {
        Rng::new(
            data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3)),
        )
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A number below `most`; 0 where there is none.
    pub fn below(&mut self, most: usize) -> usize {
        if most == 0 { 0 } else { (self.next() as usize) % most }
    }

    pub fn of_list<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Ways of cutting a body: byte by byte (long ones in sevens), and at some places that its bytes decide.
pub fn cuts(data: &[u8]) -> [Vec<&[u8]>; 2] {
    let small = if data.len() > 4096 { 7 } else { 1 };
    let mut rng = Rng::of(data);
    let mut places: Vec<usize> = (0..1 + rng.below(12)).map(|_| rng.below(data.len() + 1)).collect();
    places.extend([0, data.len()]);
    places.sort_unstable();
    [data.chunks(small).collect(), places.windows(2).map(|pair| &data[pair[0]..pair[1]]).collect()]
}
