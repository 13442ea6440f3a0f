//! A curve as SVG: records a second on the left, CPU for a record on the right.

use std::fmt::Write as _;

use super::Measured;
use super::curve::Curve;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
/// Of the area of a plot.
const PLOT_WIDTH: f64 = 290.0;
const PLOT_HEIGHT: f64 = 180.0;
const TOP: f64 = 60.0;
const LEFTS: [f64; 2] = [70.0, 445.0];
/// Lines across a plot, the bottom not counted.
const LINES: u32 = 4;

/// What is drawn in one colour.
struct Series<'a> {
    name: &'static str,
    colour: &'static str,
    of: &'a dyn Fn(&Measured) -> f64,
}

/// One of the two plots.
struct Plot<'a> {
    left: f64,
    curve: &'a Curve,
    measured: &'a [Measured],
    /// The top of the vertical axis.
    most: f64,
}

/// The curve with all its runs: a dot for each, lines through their means.
pub(super) fn svg(curve: &Curve, measured: &[Measured]) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    text(&mut out, LEFTS[0], 20.0, "start", curve.title);
    let rate = [Series {
        name: "input records/s",
        colour: "#1f6feb",
        of: &|run| run.rate,
    }];
    let cost = [
        Series {
            name: "credbridge, CPU us/record",
            colour: "#1f6feb",
            of: &|run| run.client,
        },
        Series {
            name: "broker, CPU us/record",
            colour: "#d1571b",
            of: &|run| run.broker,
        },
    ];
    for (left, series) in LEFTS.into_iter().zip([&rate[..], &cost[..]]) {
        Plot::of(left, curve, measured, series).draw(series, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

impl<'a> Plot<'a> {
    fn of(left: f64, curve: &'a Curve, measured: &'a [Measured], series: &[Series<'_>]) -> Self {
        let values = series
            .iter()
            .flat_map(|series| measured.iter().map(series.of));
        let most = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        Self {
            left,
            curve,
            measured,
            most: rounded_up(most),
        }
    }

    fn draw(&self, series: &[Series<'_>], out: &mut String) {
        for line in 0..=LINES {
            let value = self.most * f64::from(line) / f64::from(LINES);
            let y = self.y(value);
            let right = self.left + PLOT_WIDTH;
            put(
                out,
                format_args!(
                    "<path d=\"M{:.1} {y:.1}H{right:.1}\" stroke=\"#ddd\" fill=\"none\"/>",
                    self.left
                ),
            );
            text(out, self.left - 6.0, y + 4.0, "end", &shown(value));
        }
        for point in &self.curve.points {
            text(
                out,
                self.x(point.x),
                TOP + PLOT_HEIGHT + 16.0,
                "middle",
                &shown(point.x),
            );
        }
        let middle = self.left + PLOT_WIDTH / 2.0;
        text(
            out,
            middle,
            TOP + PLOT_HEIGHT + 36.0,
            "middle",
            self.curve.axis,
        );
        let mut label = self.left;
        for series in series {
            put(
                out,
                format_args!(
                    "<circle cx=\"{:.1}\" cy=\"40\" r=\"4\" fill=\"{}\"/>",
                    label + 4.0,
                    series.colour
                ),
            );
            text(out, label + 12.0, 44.0, "start", series.name);
            label += 170.0;
            self.draw_series(series, out);
        }
    }

    fn draw_series(&self, series: &Series<'_>, out: &mut String) {
        let mut path = String::new();
        for point in &self.curve.points {
            let runs = self.measured.iter().filter(|run| run.x == point.x);
            let values: Vec<f64> = runs
                .map(series.of)
                .filter(|value| value.is_finite())
                .collect();
            if values.is_empty() {
                continue;
            }
            let x = self.x(point.x);
            for value in &values {
                let y = self.y(*value);
                put(
                    out,
                    format_args!(
                        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{}\"/>",
                        series.colour
                    ),
                );
            }
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let command = if path.is_empty() { 'M' } else { 'L' };
            write!(path, "{command}{x:.1} {:.1}", self.y(mean))
                .expect("writing to memory does not fail");
        }
        put(
            out,
            format_args!(
                "<path d=\"{path}\" stroke=\"{}\" stroke-width=\"1.5\" fill=\"none\"/>",
                series.colour
            ),
        );
    }

    fn x(&self, x: f64) -> f64 {
        let scale = |x: f64| if self.curve.is_logarithmic { x.ln() } else { x };
        let all = self.curve.points.iter().map(|point| scale(point.x));
        let (least, most) = all.fold((f64::MAX, f64::MIN), |(least, most), x| {
            (least.min(x), most.max(x))
        });
        let margin = 16.0;
        self.left + margin + (scale(x) - least) / (most - least) * (PLOT_WIDTH - 2.0 * margin)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + PLOT_HEIGHT * (1.0 - value / self.most)
    }
}

fn put(out: &mut String, element: std::fmt::Arguments<'_>) {
    writeln!(out, "{element}").expect("writing to memory does not fail");
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    put(
        out,
        format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#333\">{text}</text>"
        ),
    );
}

/// The next of 1, 2, 4, 5, 8 times a power of ten, so that the lines across have short names.
fn rounded_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1e-9).log10().floor());
    let step = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0]
        .into_iter()
        .find(|step| step * power >= value);
    step.unwrap_or(10.0) * power
}

fn shown(value: f64) -> String {
    if value >= 1_000.0 {
        format!("{}k", value / 1_000.0)
    } else {
        format!("{value}")
    }
}
