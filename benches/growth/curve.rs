//! What is varied, and how far.

use super::input::Shape;

/// Bytes of certificate files that the input of one point holds at most.
const FILES_BYTES_MAX: u64 = 400 << 20;

/// One curve: points that differ in one thing.
pub(super) struct Curve {
    /// Name of the file.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What `x` of the points is.
    pub(super) axis: &'static str,
    /// Whether steps of `x` are factors.
    pub(super) is_logarithmic: bool,
    pub(super) points: Vec<Point>,
}

/// What is measured at once.
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) workers: u32,
    pub(super) processes: u32,
    pub(super) shape: Shape,
}

impl Point {
    /// One process with two workers on eight shards.
    const fn plain(x: f64, installations: u64) -> Self {
        Self {
            x,
            workers: 2,
            processes: 1,
            shape: Shape::plain(installations, 8),
        }
    }
}

pub(super) fn all(installations: u64) -> Vec<Curve> {
    vec![
        workers(installations),
        processes(installations),
        shards(installations),
        forwarded(installations),
        record_size(installations),
    ]
}

fn workers(installations: u64) -> Curve {
    let point = |workers: u32| Point {
        workers,
        ..Point::plain(workers.into(), installations)
    };
    Curve {
        name: "workers",
        title: "one process, 8 shards",
        axis: "workers",
        is_logarithmic: true,
        points: [1, 2, 4].map(point).into(),
    }
}

fn processes(installations: u64) -> Curve {
    let point = |processes: u32| Point {
        processes,
        workers: 1,
        ..Point::plain(processes.into(), installations)
    };
    Curve {
        name: "processes",
        title: "one worker each, 8 shards",
        axis: "processes",
        is_logarithmic: false,
        points: [1, 2, 3].map(point).into(),
    }
}

/// Inputs have as many partitions as there are shards, so that nothing is forwarded.
fn shards(installations: u64) -> Curve {
    let point = |shards: i32| Point {
        shape: Shape::plain(installations, shards),
        ..Point::plain(shards.into(), installations)
    };
    Curve {
        name: "shards",
        title: "one process, two workers",
        axis: "shards, and partitions of each input",
        is_logarithmic: true,
        points: [4, 16, 64, 256].map(point).into(),
    }
}

fn forwarded(installations: u64) -> Curve {
    let point = |percent: u8| Point {
        shape: Shape {
            astray: f64::from(percent) / 100.0,
            ..Shape::plain(installations, 8)
        },
        ..Point::plain(percent.into(), installations)
    };
    Curve {
        name: "forwarded",
        title: "one process, two workers, 8 shards",
        axis: "records that the other worker reads, %",
        is_logarithmic: false,
        points: [0, 25, 50, 75, 100].map(point).into(),
    }
}

fn record_size(installations: u64) -> Curve {
    let point = |bytes: u32| Point {
        shape: Shape {
            file_bytes: usize::try_from(bytes).expect("a u32 fits into usize"),
            ..Shape::plain(installations.min(FILES_BYTES_MAX / u64::from(bytes)), 8)
        },
        ..Point::plain(bytes.into(), installations)
    };
    Curve {
        name: "record-size",
        title: "one process, two workers, 8 shards",
        axis: "certificate file, bytes; a fourth of the records has one",
        is_logarithmic: true,
        points: [600, 3_000, 10_000, 30_000, 60_000].map(point).into(),
    }
}
