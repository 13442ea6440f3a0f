//! FileTypes that devices perhaps do not know.

use super::{Config, key, rules};

impl Config {
    /// Cautions about FileTypes without the form of the standard; some devices want such a one.
    pub(super) fn unusual_file_types(&self) -> impl Iterator<Item = String> {
        let general = (key::FILE_TYPE.path.to_owned(), &self.download.file_type);
        let overrides = self.overrides.iter().enumerate();
        let overrides = overrides.filter_map(|(index, one)| {
            let place = format!("overrides[{index}].{}", key::FILE_TYPE.path);
            Some((place, one.file_type.as_ref()?))
        });
        std::iter::once(general)
            .chain(overrides)
            .filter(|(_, file_type)| !rules::is_standard_file_type(file_type))
            .map(|(place, file_type)| {
                format!(
                    "{place}: `{file_type}` has not the form of a FileType in cwmp-1-2.xsd, `X <OUI> <text>` or \
                     `<number> <text>`: make sure that the devices want it so"
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cautions(name: &str, value: &str) -> Vec<String> {
        let variable = (name.to_owned(), value.to_owned());
        Config::read(None, std::iter::once(variable))
            .unwrap()
            .cautions()
    }

    #[test]
    fn file_type_of_another_form_than_the_schema_has_is_a_caution() {
        for (file_type, is_standard) in [
            ("1 Firmware Upgrade Image", true),
            ("3 Vendor Configuration File", true),
            ("X 00256D Device Certificate", true),
            ("X EXAMPLE-COM Device Certificate", true),
            ("Tr069 Ssl Cert File", false),
            ("X", false),
        ] {
            let told = cautions("CREDBRIDGE__DOWNLOAD__FILE_TYPE", file_type);
            assert_eq!(told.is_empty(), is_standard, "{file_type}: {told:?}");
            let names_it = |line: &String| line.starts_with("download.file_type: `");
            assert!(told.iter().all(names_it), "{told:?}");
        }
    }

    #[test]
    fn overrides_are_looked_at_as_well() {
        let overrides = r#"[{"match": {"oui": "00256D"}, "timeouts": {"set": "1h"}},
            {"match": {"oui": "00256E"}, "download": {"file_type": "Tr069 Ssl Cert File"}}]"#;
        let told = cautions("CREDBRIDGE__OVERRIDES", overrides);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("overrides[1].download.file_type: `Tr069 Ssl Cert File`"));
    }
}
