use super::Config;

impl Config {
    /// What differs from `other` and can change only with a restart, as it is called in the file; `None`: nothing.
    ///
    /// The names of the application, of its topics and of its processes decide who owns what; the number of workers and the
    /// admin port belong to the process. The secret of CommandKeys decides whether the same request has the same key.
    pub fn needs_restart(&self, other: &Self) -> Option<&'static str> {
        let differs = [
            (
                self.application_id != other.application_id,
                "application_id",
            ),
            (self.instance_id != other.instance_id, "instance_id"),
            (self.workers != other.workers, "workers"),
            (self.delivery != other.delivery, "delivery"),
            (self.topics != other.topics, "topics"),
            (self.admin != other.admin, "admin"),
            (
                self.correlation.command_key_secret != other.correlation.command_key_secret,
                "correlation.command_key_secret_file",
            ),
        ];
        differs
            .into_iter()
            .find_map(|(differs, name)| differs.then_some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_who_owns_what_needs_a_restart() {
        let before = Config::default();
        let mut after = Config::default();
        after.timeouts.accept *= 2;
        after.kafka.properties.insert("a".into(), "b".into());
        assert_eq!(before.needs_restart(&after), None);
        after.topics.commands.push('2');
        assert_eq!(before.needs_restart(&after), Some("topics"));
        after.workers += 1;
        assert_eq!(before.needs_restart(&after), Some("workers"));
    }
}
