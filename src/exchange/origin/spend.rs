//! `GET /v1/report`: spend is counted in Prometheus, so the answer is the query that tells it.

use super::query::Query;
use crate::clock::day;
use crate::config::Config;
use crate::error::{Class, Error, printable};

/// What a report can be grouped and filtered by: its word in `group_by`, that of the filter, and our label.
const LABELS: [(&str, &str, &str); 5] = [
    ("model", "model", "model"),
    ("provider", "provider", "provider"),
    ("user", "user_id", "user"),
    ("tag", "tags", "tag"),
    ("api_key_name", "api_key_name", "key"),
];

/// Why there is no report here, and where it is.
pub fn report(config: &Config, query: Query<'_>) -> Error {
    let group = query.get("group_by").unwrap_or_else(|| "day".to_owned());
    let label = LABELS.iter().find(|(word, _, _)| *word == group).map(|(_, _, label)| *label);
    let by_time = group == "day";
    if label.is_none() && !by_time {
        let group = printable(&group);
        return not_made(format!("Reports are not made here, and no metric tells `{group}` apart."));
    }
    let (range, when) = window(query, by_time);
    let matchers = matchers(query);
    let sum = |metric: &str, labels: &[Option<&str>]| {
        let labels = labels.iter().flatten().copied().collect::<Vec<_>>().join(", ");
        let by = if labels.is_empty() { String::new() } else { format!(" by ({labels})") };
        format!("sum{by} (increase({metric}{matchers}{range}))")
    };
    let cost = sum("tollgate_cost_nanousd_total", &[label]);
    let tokens = sum("tollgate_tokens_total", &[label, Some("type")]);
    let requests = sum("tollgate_requests_total", &[label]);
    let mut message = format!(
        "Reports are not made here. Ask Prometheus for USD by `{cost} / 1e9`, for tokens by `{tokens}` and for requests \
         by `{requests}`{when}."
    );
    let used = LABELS.iter().filter(|(_, filter, own)| label == Some(*own) || query.get(filter).is_some());
    for (_, _, label) in used.filter(|(_, _, label)| !is_told(config, label)) {
        message.push_str(&format!(" The label `{label}` is not there yet: `metrics.labels: [{label}]`."));
    }
    not_made(message)
}

fn not_made(message: String) -> Error {
    Error::new(Class::BadRequest, 501, "invalid_request_error", "not_implemented", message)
}

/// The range of the query, and how it is asked for.
fn window(query: Query<'_>, by_time: bool) -> (String, String) {
    let day = |name| query.get(name).and_then(|text| day(&text));
    let days = day("start_date").zip(day("end_date")).filter(|(start, end)| start <= end);
    let at = |day: u64| day.saturating_mul(86_400);
    if !by_time {
        return match days {
            // Both days count, to the last one's end.
            Some((start, end)) => {
                let end = end.saturating_add(1);
                (format!("[{}d] @ {}", end.saturating_sub(start), at(end)), String::new())
            }
            None => ("[1d]".to_owned(), String::new()),
        };
    }
    let (step, seconds) =
        if query.get("date_part").as_deref() == Some("hour") { ("1h", 3_600) } else { ("1d", 86_400) };
    let when = match days {
        Some((start, end)) => {
            let first = at(start).saturating_add(seconds);
            format!(" with start={first}, end={} and step={step}", at(end.saturating_add(1)))
        }
        None => format!(" with step={step}"),
    };
    (format!("[{step}]"), when)
}

/// `{model="a/b",tag=~"x|y"}`, or nothing.
fn matchers(query: Query<'_>) -> String {
    let matchers = LABELS.iter().filter_map(|(_, filter, label)| {
        let value = query.get(filter)?;
        Some(match *filter {
            "tags" => format!("{label}=~\"{}\"", value.split(',').map(pattern).collect::<Vec<_>>().join("|")),
            _ => format!("{label}=\"{}\"", quoted(&value)),
        })
    });
    let matchers = matchers.collect::<Vec<_>>().join(",");
    if matchers.is_empty() { matchers } else { format!("{{{matchers}}}") }
}

/// A value inside the quotes of a query.
fn quoted(value: &str) -> String {
    printable(value).replace('\\', r"\\").replace('"', "\\\"")
}

/// A value inside the quotes of a pattern: every sign that is no letter stands for itself.
fn pattern(value: &str) -> String {
    let mut escaped = String::new();
    for c in printable(value.trim()).chars() {
        if c.is_ascii_punctuation() && c != '_' {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    quoted(&escaped)
}

/// Whether the metrics have a label.
fn is_told(config: &Config, label: &str) -> bool {
    let metrics = &config.metrics;
    match label {
        "user" => metrics.user.is_some(),
        "tag" => metrics.tag.is_some(),
        "key" => metrics.key,
        _ => true,
    }
}
