//! Figures for a monitoring system, in Prometheus' text format, on an address of their own. They name no person, no
//! path and no address of a browser.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::config::Monitoring;

const REQUESTS: &str = "epos_requests_total";
const REQUEST_SECONDS: &str = "epos_request_seconds";
const ALARMS: &str = "epos_alarms_total";
const LETTERS: &str = "epos_letters_total";
/// Bounds of the times told, in seconds; about what people notice.
const SECONDS: &[f64] = &[0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Answers whoever asks for the figures, where an address is configured; until then nothing is counted. To be called
/// inside the runtime.
///
/// # Errors
/// The address cannot be listened on.
pub fn start(config: &Monitoring) -> Result<(), String> {
    let Some(listen) = config.listen else { return Ok(()) };
    PrometheusBuilder::new()
        .with_http_listener(listen)
        .set_buckets(SECONDS)
        .and_then(PrometheusBuilder::install)
        .map_err(|error| format!("monitoring.listen {listen}: {error}"))?;
    describe_counter!(REQUESTS, "Requests answered, by the class of the status");
    describe_histogram!(REQUEST_SECONDS, "Seconds from a request to its answer");
    describe_counter!(ALARMS, "Alarms raised for support, by code");
    describe_counter!(LETTERS, "Attempts to send a letter, by what became of them");
    Ok(())
}

/// A request was answered.
pub fn answered(status: u16, took: Duration) {
    let class = match status {
        ..400 => "ok",
        400..500 => "refused",
        500.. => "failed",
    };
    counter!(REQUESTS, "class" => class).increment(1);
    histogram!(REQUEST_SECONDS).record(took);
}

/// An alarm was raised.
pub fn alarm(code: &str) {
    counter!(ALARMS, "code" => code.to_owned()).increment(1);
}

/// A letter was tried.
pub fn letter(outcome: &'static str) {
    counter!(LETTERS, "outcome" => outcome).increment(1);
}
