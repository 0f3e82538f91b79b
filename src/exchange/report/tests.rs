use super::*;
use crate::dialect::passing::Learnt;
use crate::testing::{ask_of, config, exchange, failure};
use serde_json::json;

/// How the last attempt of a script goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// It answers, and its answer comes to its end.
    Ends,
    /// It answers, and says its last word, but its client is faster to leave than it to end.
    EndsAlone,
    /// It answers, and its client leaves.
    Left,
    /// It answers, and breaks off.
    Cut,
    /// It answers, says its last word, and breaks off then.
    CutBehind,
    /// Its client leaves before it answers.
    LeftBefore,
    /// It fails, as all before it.
    Fails,
}

/// The report of a request to `acme/solo`, whose body is three tokens by estimate. The provider tells these tokens (input,
/// output), and says these bytes since.
fn report(operation: Operation, way: Way, told: (Option<u64>, Option<u64>), said: u64) -> Report {
    let exchange = exchange(&config(json!({})), ask_of(operation, br#"{"model":"acme/solo"}"#).unwrap());
    let index = exchange.begin(b"beta", 0).unwrap().index;
    let usage = Usage { input: told.0, output: told.1, ..Usage::default() };
    let ended = matches!(way, Way::Ends | Way::EndsAlone | Way::CutBehind);
    let learnt = Learnt { usage, said, ended, ..Learnt::default() };
    match way {
        Way::LeftBefore => return exchange.report(5, None, None),
        Way::Fails => {
            exchange.learn(index, &learnt);
            exchange.fail(index, failure(Class::ProviderFault, 500, None), 1);
            return exchange.report(5, Some(503), Some(&exchange.final_error(503)));
        }
        Way::Ends | Way::EndsAlone | Way::Left | Way::Cut | Way::CutBehind => exchange.serve(index, 200, 1),
    }
    exchange.learn(index, &learnt);
    match way {
        Way::Ends => exchange.finish(index, None),
        Way::Cut | Way::CutBehind => exchange.finish(index, Some(Class::Cut)),
        Way::EndsAlone | Way::Left | Way::LeftBefore | Way::Fails => {}
    }
    exchange.report(5, Some(200), None)
}

#[test]
fn what_was_not_told_of_an_answer_is_estimated_and_marked() {
    use Ended::{ClientLeft, Complete, Failed, UpstreamCut};
    let none = (None, None);
    for (way, told, said, ended, expected, estimated) in [
        (Way::Ends, none, 41, Complete, (Some(3), Some(11)), true),
        (Way::Ends, (Some(25), None), 41, Complete, (Some(25), Some(11)), true),
        (Way::Ends, (None, Some(7)), 41, Complete, (Some(3), Some(7)), true),
        (Way::Ends, (Some(25), Some(7)), 41, Complete, (Some(25), Some(7)), false),
        (Way::EndsAlone, none, 41, Complete, (Some(3), Some(11)), true),
        (Way::EndsAlone, (Some(25), Some(7)), 0, Complete, (Some(25), Some(7)), false),
        (Way::CutBehind, (Some(25), Some(7)), 0, Complete, (Some(25), Some(7)), false),
        (Way::Left, none, 0, ClientLeft, (Some(3), Some(0)), true),
        (Way::Left, none, 41, ClientLeft, (Some(3), Some(11)), true),
        (Way::Left, (Some(25), Some(7)), 41, ClientLeft, (Some(25), Some(18)), true),
        (Way::Left, (Some(25), Some(7)), 0, ClientLeft, (Some(25), Some(7)), false),
        (Way::Cut, none, 41, UpstreamCut, (Some(3), Some(11)), true),
        (Way::Cut, (Some(25), Some(1)), 41, UpstreamCut, (Some(25), Some(12)), true),
        (Way::Cut, (Some(25), Some(7)), 0, UpstreamCut, (Some(25), Some(7)), false),
        (Way::LeftBefore, none, 0, ClientLeft, none, false),
        (Way::Fails, none, 41, Failed, none, false),
    ] {
        let report = report(Operation::ChatCompletions, way, told, said);
        let Usage { input, output, estimated: marked, .. } = report.usage;
        let case = format!("{way:?} {told:?} {said}");
        assert_eq!((report.ended, (input, output), marked), (ended, expected, estimated), "{case}");
        // Who told nothing of what it did until its own end is counted.
        let is_missing = told == none && matches!(ended, Complete | UpstreamCut);
        assert_eq!(report.usage_missing, is_missing, "{case}");
    }
}

#[test]
fn only_what_answers_tell_is_estimated() {
    for (operation, expected) in [
        (Operation::ChatCompletions, (Some(3), Some(11))),
        (Operation::Completions, (Some(3), Some(11))),
        (Operation::Responses, (Some(3), Some(11))),
        (Operation::Embeddings, (Some(3), None)),
        (Operation::Images, (None, None)),
        (Operation::Moderations, (None, None)),
    ] {
        for way in [Way::Ends, Way::Left, Way::Cut] {
            let Usage { input, output, estimated, .. } = report(operation, way, (None, None), 41).usage;
            assert_eq!(((input, output), estimated), (expected, expected.0.is_some()), "{operation:?} {way:?}");
        }
    }
}
