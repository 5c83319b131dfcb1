//! Memory that a C library allocates and no one frees.

use super::scene::{Played, Scene};
use super::{Cure, Scenario};
use crate::report::Fact;
use gc_core::Trace;
use gc_core::observe::{GaugeKind, resident_bytes};
use rusqlite::Connection;

pub const SCENARIO: Scenario = Scenario {
    name: "native-module",
    summary: "a C library's memory is never freed: the heap is flat",
    story: "Each request opens an SQLite database in memory, and forgets to close it. The object that stood \
            for it is gone, so that the heap is flat and every tool that looks at objects sees nothing. The \
            resident set of the process grows. A gauge brings it in: it grows and the heap does not, so the \
            leak is outside.",
    cure: Cure::Is("the connection is closed when its object goes"),
    max: None,
    in_tour: false,
    file: "native_module.rs",
    source: include_str!("native_module.rs"),
    python: include_str!("python/native_module.py"),
    play,
};

const REQUESTS: usize = 320;
const LOOKS: usize = 32;

/// An object that stands for a connection.
#[derive(Trace)]
struct Database {
    rows: usize,
}

fn play(scene: &mut Scene) -> Played {
    scene.heap.gauge("resident set", GaugeKind::ResidentBytes, || resident_bytes().unwrap_or(0));
    let requests = scene.setting.scaled(REQUESTS);
    let before = resident_bytes();
    let mut failed = 0usize;
    scene.serve(requests, LOOKS, |scene, _| {
        let filled = open();
        failed += usize::from(filled.is_err());
        let Ok((connection, rows)) = filled else { return Ok(()) };
        let database = scene.alloc(Database { rows })?;
        assert!(database.rows > 0);
        if !scene.setting.fixed {
            // A binding without a destructor leaks in the same way.
            std::mem::forget(connection); // <- the leak
        }
        Ok(())
    });
    let grew = resident_bytes().zip(before).map_or(0, |(after, before)| after.saturating_sub(before));
    let objects = scene.heap.census().objects();
    scene
        .step("All requests are served", "")
        .in_tour()
        .fact("objects on the heap", objects)
        .fact("resident set grew by", Fact::Bytes(grew))
        .fact("databases failed", failed);
    scene.conclude();
    Ok(())
}

fn open() -> rusqlite::Result<(Connection, usize)> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch("CREATE TABLE t (n INTEGER, text TEXT)")?;
    let rows = connection.execute(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 400)
         INSERT INTO t SELECT n, printf('%0200d', n) FROM n",
        [],
    )?;
    Ok((connection, rows))
}
