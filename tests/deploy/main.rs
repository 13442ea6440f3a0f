//! What stands in deploy/: the chart, what is made from it, rules, dashboards.

#[cfg(test)]
mod chart;
#[cfg(test)]
mod compose;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod tools;
