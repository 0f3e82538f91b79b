//! Paths at a provider.

use crate::dialect::Facts;

/// The base's path and the operation's; Azure's older form names the deployment in the path.
pub(super) fn path(facts: &Facts<'_>, operation: &str) -> String {
    let base = facts.base_path;
    match facts.api_version {
        Some(version) => {
            let mut deployment = String::new();
            for byte in facts.model.bytes() {
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                    deployment.push(char::from(byte));
                } else {
                    deployment.push_str(&format!("%{byte:02X}"));
                }
            }
            format!("{base}/deployments/{deployment}/{operation}?api-version={version}")
        }
        None => format!("{base}/{operation}"),
    }
}
