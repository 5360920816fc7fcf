//! The metrics pipeline: kubelet and metrics-server.
//!
//! Every `resolution` all containers are read. CPU is the rate between the last two reads, so a
//! container has no CPU value until it has been read twice; memory is the working set at the read.
//! The API serves a value `lag` after it was measured. Instances of pools are measured by their
//! cloud (`instances/meter.rs`).

pub(super) mod named;

use super::{Event, World};
use crate::plane::DataPlane;
use crate::record::{Record, Recorder};
use flashcrowd_engine::RngStreams;
use flashcrowd_units::{SimDuration, SimTime};
use rand::RngExt;

impl<P: DataPlane> World<P> {
    pub(super) fn start_scraping(&mut self, streams: RngStreams) {
        let resolution = self.model.metrics_server.resolution;
        let phase = streams
            .stream("metrics-server")
            .random_range(0..resolution.as_nanos());
        self.schedule(SimTime::from_nanos(phase), Event::Scrape);
    }

    pub(super) fn scrape(&mut self) {
        let now = self.now;
        let visible = now + self.model.metrics_server.lag;
        let next = now + self.model.metrics_server.resolution;
        for pod in self.pods.iter_mut().flatten() {
            if pod.container.running_since.is_none() || pod.instance.is_some() {
                continue;
            }
            let usage = self.plane.usage(pod.server, now);
            pod.metrics.take_in(now, visible, &usage);
        }
        self.schedule(next, Event::Scrape);
    }

    /// Whether the metrics API answers.
    pub(super) fn metrics_available(&self) -> bool {
        self.metrics_outage.is_none()
    }

    /// Outages that overlap are one, from the first beginning to the last end.
    pub(super) fn begin_metrics_outage(
        &mut self,
        length: SimDuration,
        recorder: &mut dyn Recorder,
    ) {
        let end = self.now + length;
        match &mut self.metrics_outage {
            Some(until) if *until >= end => return,
            Some(until) => *until = end,
            None => {
                self.metrics_outage = Some(end);
                recorder.record(self.now, &Record::MetricsOutage(true));
            }
        }
        self.schedule(end, Event::MetricsBack);
    }

    /// The end of an outage is reached, unless another one has moved it.
    pub(super) fn end_metrics_outage(&mut self, recorder: &mut dyn Recorder) {
        if self.metrics_outage.is_some_and(|until| until <= self.now) {
            self.metrics_outage = None;
            recorder.record(self.now, &Record::MetricsOutage(false));
        }
    }
}
