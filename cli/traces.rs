//! The spans of runs, sent to an OpenTelemetry collector.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use dialtone_model::{Clock as _, RunId, Trace};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, IdGenerator as _, RandomIdGenerator, SpanData, SpanEvents, SpanLinks, SpanProcessor as _,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::clock::SystemClock;

/// The span that hands a run over, which all others of the run follow from.
const SUBMIT: &str = "submit";

/// Sends each span that names its run, as part of that run's trace.
#[derive(Clone, Debug)]
pub(crate) struct Traces {
    spans: Arc<BatchSpanProcessor>,
    clock: SystemClock,
}

impl Traces {
    /// Sends them to this address, by OTLP over HTTP. How (as protobuf or as JSON, in batches of which size, after which
    /// time) is for the variables that OpenTelemetry has for it.
    pub(crate) fn to(url: &str, clock: SystemClock) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder().with_http().with_endpoint(url);
        let exporter = exporter.build().context("the collector of traces.url can't be used")?;
        let mut spans = BatchSpanProcessor::builder(exporter).build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        spans.set_resource(&Resource::builder().with_service_name("dialtone").with_attribute(version).build());
        Ok(Self { spans: Arc::new(spans), clock })
    }

    /// Sends what is left; for the end of the process.
    pub(crate) fn close(&self) {
        if let Err(failure) = self.spans.shutdown() {
            tracing::warn!(%failure, "the last spans couldn't be sent");
        }
    }

    fn now(&self) -> SystemTime {
        SystemTime::from(self.clock.now())
    }
}

/// A span that is under way.
struct Open {
    trace: Trace,
    id: SpanId,
    parent: SpanId,
    kind: SpanKind,
    started: SystemTime,
    fields: Fields,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Traces {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let (Some(run), Some(span)) = (fields.run, context.span(id)) else { return };
        let trace = Trace::of(run);
        let submitted = SpanId::from(trace.parent());
        let (kind, id, parent) = match attributes.metadata().name() {
            SUBMIT => (SpanKind::Producer, submitted, SpanId::INVALID),
            _ => (SpanKind::Consumer, RandomIdGenerator::default().new_span_id(), submitted),
        };
        span.extensions_mut().insert(Open { trace, id, parent, kind, started: self.now(), fields });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            values.record(&mut open.fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<Open>() else { return };
        self.spans.on_end(self.data(span.metadata(), open));
    }
}

impl Traces {
    fn data(&self, metadata: &'static Metadata<'static>, open: Open) -> SpanData {
        let Open { trace, id, parent, kind, started, fields } = open;
        let trace_id = TraceId::from(trace.id());
        SpanData {
            span_context: SpanContext::new(trace_id, id, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: parent,
            parent_span_is_remote: parent != SpanId::INVALID,
            span_kind: kind,
            name: Cow::Borrowed(metadata.name()),
            start_time: started,
            end_time: self.now(),
            attributes: fields.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: fields.fault.map_or(Status::Unset, Status::error),
            instrumentation_scope: InstrumentationScope::builder("dialtone").build(),
        }
    }
}

/// What a span says of itself.
#[derive(Default)]
struct Fields {
    run: Option<RunId>,
    fault: Option<String>,
    attributes: Vec<KeyValue>,
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attributes.push(KeyValue::new(field.name(), value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            // The trace itself says it.
            "trace_id" => return,
            "run.id" => self.run = value.parse().ok(),
            "fault" => self.fault = Some(value.to_owned()),
            _ => {}
        }
        self.attributes.push(KeyValue::new(field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
