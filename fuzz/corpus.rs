//! `corpus FOLDER [TARGET..]`: writes the first inputs of the targets, each in a folder of its name; `corpus` lists the names.

use std::path::Path;
use tollgate_fuzz::decoders::{TARGETS, corpus};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        TARGETS.iter().for_each(|target| println!("{}", target.name));
        return;
    };
    let wanted: Vec<String> = arguments.collect();
    for target in TARGETS.iter().filter(|target| wanted.is_empty() || wanted.iter().any(|name| name == target.name)) {
        let folder = Path::new(&folder).join(target.name);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (at, input) in corpus::of(target).iter().enumerate() {
            std::fs::write(folder.join(format!("first-{at:04}")), input).expect("a file");
        }
    }
}
