//! The pauses of a heap in the trace event format, which Perfetto, `chrome://tracing` and
//! speedscope open.

use crate::Heap;
use alloc::string::ToString;
use gc_snapshot::text::Json;
use std::io::{BufWriter, Result, Write};

impl Heap {
    /// Writes the last collections (at most 1,024) as trace events. Each collection is written as a
    /// complete event with its findings, and as two values of the counter `used bytes`, before and
    /// after. Times are in microseconds since the heap was made. The duration of an incremental
    /// collection is the sum of its slices.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.collect();
    /// let mut file = Vec::new();
    /// heap.write_trace_events(&mut file)?;
    /// assert!(!file.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the error of `out` if writing fails.
    pub fn write_trace_events(&self, out: impl Write) -> Result<()> {
        let mut out = BufWriter::new(out);
        write!(out, "{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
        write!(
            out,
            "\n{{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"tid\":1,\"args\":{{\"name\":\"gc-core\"}}}}"
        )?;
        for record in self.records() {
            let (took, ended) = (record.time.as_secs_f64() * 1e6, record.ended.as_secs_f64() * 1e6);
            let began = (ended - took).max(0.0);
            let name = ["young", "middle", "full"][usize::from(record.generation.number())];
            let cause = record.cause.to_string();
            write!(out, ",\n{{\"name\":\"{name} collection\",\"cat\":\"gc\",\"ph\":\"X\",\"pid\":1,\"tid\":1,")?;
            write!(out, "\"ts\":{began:.3},\"dur\":{took:.3},\"args\":{{\"number\":{},", record.number)?;
            write!(out, "\"cause\":{},\"slices\":{},", Json(&cause), record.slices)?;
            write!(out, "\"longest_pause_us\":{:.3},", record.longest_pause.as_secs_f64() * 1e6)?;
            write!(out, "\"found\":{},\"collected\":{},", record.objects, record.collected)?;
            write!(out, "\"uncollectable\":{}}}}}", record.uncollectable)?;
            for (at, used) in [(began, record.used_before), (ended, record.used_after)] {
                write!(out, ",\n{{\"name\":\"used bytes\",\"ph\":\"C\",\"pid\":1,\"ts\":{at:.3},")?;
                write!(out, "\"args\":{{\"used\":{used}}}}}")?;
            }
        }
        writeln!(out, "\n]}}")?;
        out.flush()
    }
}
