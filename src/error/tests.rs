use super::*;

#[test]
fn chat_bodies_always_have_all_four_members() {
    let error = Error::bad_body("The body is not JSON.");
    let expected = r#"{"error":{"message":"The body is not JSON.","type":"invalid_request_error","param":null,"code":"invalid_body"}}"#;
    assert_eq!(String::from_utf8(error.chat_body()).unwrap(), expected);
}

#[test]
fn waits_are_told_only_where_they_help_and_are_short() {
    let mut error = Error::no_provider("x");
    error.retry_after = Some(Duration::from_millis(1500));
    assert!(error.headers().contains(&("retry-after", "2".to_owned())));
    assert!(error.headers().contains(&("retry-after-ms", "1500".to_owned())));
    error.retry_after = Some(Duration::from_secs(61));
    let headers = error.headers();
    assert!(headers.contains(&("x-should-retry", "false".to_owned())));
    assert!(!headers.iter().any(|(name, _)| name.starts_with("retry-after")));
    let body = String::from_utf8(error.chat_body()).unwrap();
    assert!(body.contains(r#""message":"x (It asks for a wait of 61 seconds.)""#), "{body}");
}

#[test]
fn messages_are_cut_between_characters() {
    let error = Error::bad_body("é".repeat(4000));
    assert_eq!(error.message.len(), 4096);
}

#[test]
fn printable_takes_control_characters_and_length_away() {
    assert_eq!(printable("a\r\nb\u{0}c"), "abc");
    assert_eq!(printable(&"x".repeat(200)).chars().count(), 129);
}
