use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The live picture of a run on standard error; nothing where that is no terminal.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(installations: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(installations), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(
            "{bar:40} {pos}/{len} installations ended, {msg}, {elapsed}",
        );
        Self(bar.with_style(style.expect("the template is well-formed")))
    }

    pub(super) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    pub(super) fn show(&self, requested: u64, open: u64, bad: u64) {
        if !self.0.is_hidden() {
            self.0.set_position(requested.saturating_sub(open));
            self.0
                .set_message(format!("{open} open, {bad} lost, doubled or wrong"));
        }
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
