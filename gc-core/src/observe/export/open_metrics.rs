//! A heap's figures as OpenMetrics text, which Prometheus scrapes.

use crate::Heap;
use crate::stats::GenerationStats;
use core::fmt::Display;
use gc_snapshot::text::escaped;
use std::io::{BufWriter, Result, Write};

/// Writes metrics in the OpenMetrics format, one after the other.
struct Writer<W: Write>(BufWriter<W>);

impl<W: Write> Writer<W> {
    fn family(&mut self, name: &str, kind: &str, unit: &str, help: &str) -> Result<()> {
        writeln!(self.0, "# TYPE {name} {kind}")?;
        if !unit.is_empty() {
            writeln!(self.0, "# UNIT {name} {unit}")?;
        }
        writeln!(self.0, "# HELP {name} {help}")
    }

    /// Writes a sample; `labels` have the form `name="value"`.
    fn sample(&mut self, name: &str, labels: &str, value: impl Display) -> Result<()> {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        writeln!(self.0, "{name}{labels} {value}")
    }

    fn gauge(&mut self, name: &str, unit: &str, help: &str, value: impl Display) -> Result<()> {
        self.family(name, "gauge", unit, help)?;
        self.sample(name, "", value)
    }

    fn counter(&mut self, name: &str, unit: &str, help: &str, value: impl Display) -> Result<()> {
        self.family(name, "counter", unit, help)?;
        self.sample(&format!("{name}_total"), "", value)
    }
}

/// The export as OpenMetrics text.
impl Heap {
    /// Writes the heap's figures as OpenMetrics text: memory, objects and bytes by type,
    /// generations, collections, pauses as a summary, gauges, units of work, errors. Serve it
    /// as `application/openmetrics-text; version=1.0.0`.
    ///
    /// # Errors
    /// Returns the error of `out` if writing fails.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// let mut text = Vec::new();
    /// heap.write_open_metrics(&mut text)?;
    /// assert!(text.ends_with(b"# EOF\n"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write_open_metrics(&self, out: impl Write) -> Result<()> {
        let mut metrics = Writer(BufWriter::new(out));
        self.write_memory(&mut metrics)?;
        self.write_census(&mut metrics)?;
        self.write_collections(&mut metrics)?;
        self.write_watched(&mut metrics)?;
        writeln!(metrics.0, "# EOF")?;
        metrics.0.flush()
    }

    fn write_memory(&self, metrics: &mut Writer<impl Write>) -> Result<()> {
        let memory = self.memory();
        metrics.gauge("gc_used_bytes", "bytes", "Blocks that hold objects.", memory.used)?;
        metrics.gauge("gc_committed_bytes", "bytes", "All memory that the heap has.", memory.committed)?;
        metrics.gauge("gc_external_bytes", "bytes", "Declared bytes outside of the heap.", memory.external)?;
        metrics.gauge("gc_peak_bytes", "bytes", "The most that was counted in the limit.", memory.peak)?;
        match memory.max {
            Some(max) => metrics.gauge("gc_max_bytes", "bytes", "The limit.", max),
            None => Ok(()),
        }
    }

    fn write_census(&self, metrics: &mut Writer<impl Write>) -> Result<()> {
        let census = self.census();
        metrics.family("gc_objects", "gauge", "", "Objects by type.")?;
        for row in census.types() {
            metrics.sample("gc_objects", &format!("type=\"{}\"", escaped(&row.type_name)), row.objects)?;
        }
        metrics.family("gc_object_bytes", "gauge", "bytes", "Shallow and owned bytes by type.")?;
        for row in census.types() {
            metrics.sample("gc_object_bytes", &format!("type=\"{}\"", escaped(&row.type_name)), row.bytes())?;
        }
        metrics.family("gc_generation_objects", "gauge", "", "Tracked objects by generation.")?;
        for (generation, objects) in ["0", "1", "2", "frozen"].into_iter().zip(self.generation_sizes()) {
            metrics.sample("gc_generation_objects", &format!("generation=\"{generation}\""), objects)?;
        }
        metrics.gauge("gc_garbage_objects", "", "The list of uncollectable objects.", self.garbage().len())
    }

    fn write_collections(&self, metrics: &mut Writer<impl Write>) -> Result<()> {
        let stats = self.stats();
        type Column = fn(&GenerationStats) -> usize;
        let columns: [(&str, &str, Column); 3] = [
            ("gc_collections", "Collections by generation.", |stats| stats.collections),
            ("gc_collected_objects", "Objects reclaimed by collections.", |stats| stats.collected),
            ("gc_uncollectable_objects", "Objects found uncollectable.", |stats| stats.uncollectable),
        ];
        for (name, help, of) in columns {
            metrics.family(name, "counter", "", help)?;
            for (generation, stats) in stats.iter().enumerate() {
                metrics.sample(&format!("{name}_total"), &format!("generation=\"{generation}\""), of(stats))?;
            }
        }
        let figures = self.metrics();
        let seconds = figures.time_collecting.as_secs_f64();
        metrics.family("gc_pause_seconds", "summary", "seconds", "How long the program was stopped.")?;
        for part in [0.5, 0.99, 0.999, 1.0] {
            let pause = figures.pauses.percentile(part).as_secs_f64();
            metrics.sample("gc_pause_seconds", &format!("quantile=\"{part:?}\""), pause)?;
        }
        metrics.sample("gc_pause_seconds_count", "", figures.pauses.count())?;
        metrics.sample("gc_pause_seconds_sum", "", seconds)?;
        metrics.counter("gc_slices", "", "Slices of incremental collections.", figures.slices)?;
        let floating = figures.most_floating_bytes;
        metrics.gauge("gc_most_floating_bytes", "bytes", "The most garbage that one collection found.", floating)
    }

    fn write_watched(&self, metrics: &mut Writer<impl Write>) -> Result<()> {
        let core = self.core();
        let errors = core.telemetry.stats.out_of_memory();
        metrics.counter("gc_out_of_memory", "", "Times that the heap was out of memory.", errors)?;
        metrics.family("gc_gauge", "gauge", "", "Gauges that the program brought in.")?;
        for reading in core.telemetry.gauges.readings() {
            metrics.sample("gc_gauge", &format!("name=\"{}\"", escaped(&reading.name)), reading.value)?;
        }
        metrics.family("gc_units_of_work", "counter", "", "Units of work that ended.")?;
        for units in core.telemetry.gauges.units() {
            metrics.sample("gc_units_of_work_total", &format!("name=\"{}\"", escaped(&units.name)), units.ended)?;
        }
        Ok(())
    }
}
