//! A daily peak is meant by the clock of the scenario, wherever in the day the run begins.

use flashcrowd_scenario::{Options, load_str};
use flashcrowd_units::SimTime;
use std::collections::BTreeMap;

#[test]
fn a_daily_peak_comes_at_its_time_of_day() {
    let text = "
name: day
start: 2026-03-02T06:00[Asia/Kolkata]
duration: 24h
workload:
  users:
    open: { rate: { diurnal: { peak: 100/s, trough: 20/s, peak_at: 20h } } }
    endpoints: { hello: 100% }
services: { web: { endpoints: { hello: [ cpu: 5ms ] } } }
";
    let loaded = load_str(text, "day.yaml", &BTreeMap::new(), &Options::default()).unwrap();
    let rate = loaded.scenario.model.workloads[0].rate.compile().unwrap();
    // 20:00 is fourteen hours after 06:00, and 08:00 is two.
    let at = |hours: u64| rate.rate_at(SimTime::from_secs(hours * 3600)).get();
    assert!((at(14) - 100.0).abs() < 1e-6, "{}", at(14));
    assert!((at(2) - 20.0).abs() < 1e-6, "{}", at(2));
}
