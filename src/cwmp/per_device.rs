use super::device_id::{DeviceId, DeviceIdError, encoded_part};

/// A value that is another one for some devices.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PerDevice<T> {
    /// The value of all devices that no exception is for.
    pub general: T,
    /// The first that is for a device counts.
    exceptions: Vec<(DeviceClass, T)>,
}

impl<T> PerDevice<T> {
    /// A value with exceptions. One that names OUI and product class goes before those that name one of them.
    pub fn new(general: T, exceptions: impl IntoIterator<Item = (DeviceClass, T)>) -> Self {
        let mut exceptions: Vec<_> = exceptions.into_iter().collect();
        exceptions.sort_by_key(|(class, _)| !class.names_both());
        Self {
            general,
            exceptions,
        }
    }

    /// The value of a device.
    pub fn of(&self, device: &DeviceId) -> &T {
        self.exceptions
            .iter()
            .find(|(class, _)| class.holds(device))
            .map_or(&self.general, |(_, value)| value)
    }
}

impl<T> From<T> for PerDevice<T> {
    /// The same value for every device.
    fn from(general: T) -> Self {
        Self {
            general,
            exceptions: Vec::new(),
        }
    }
}

/// Devices of one OUI, of one product class, or of both.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct DeviceClass {
    /// As in a device key; `None`: any.
    oui: Option<Box<str>>,
    /// As in a device key; `None`: any, or none at all.
    product_class: Option<Box<str>>,
}

impl DeviceClass {
    /// Devices of that OUI and that product class; `None`: whatever it is.
    ///
    /// # Errors
    /// If a part is empty or longer than [`DeviceId::PART_CHARS_MAX`] characters.
    pub fn new(oui: Option<&str>, product_class: Option<&str>) -> Result<Self, DeviceIdError> {
        Ok(Self {
            oui: oui.map(encoded_part).transpose()?,
            product_class: product_class.map(encoded_part).transpose()?,
        })
    }

    /// Whether the device is one of them.
    pub fn holds(&self, device: &DeviceId) -> bool {
        let fits = |named: &Option<Box<str>>, part: &str| {
            named.as_deref().is_none_or(|named| named == part)
        };
        fits(&self.oui, device.oui_encoded())
            && fits(&self.product_class, device.product_class_encoded())
    }

    /// Whether it names OUI and product class.
    pub const fn names_both(&self) -> bool {
        self.oui.is_some() && self.product_class.is_some()
    }

    /// The devices that are of both, if one names the OUI alone and the other the product class alone.
    pub fn crossed_with(&self, other: &Self) -> Option<Self> {
        match (
            (&self.oui, &self.product_class),
            (&other.oui, &other.product_class),
        ) {
            ((Some(oui), None), (None, Some(class))) | ((None, Some(class)), (Some(oui), None)) => {
                Some(Self {
                    oui: Some(oui.clone()),
                    product_class: Some(class.clone()),
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(oui: &str, product_class: &str) -> DeviceId {
        DeviceId::new(oui, product_class, "S1").unwrap()
    }

    fn class(oui: &str, product_class: &str) -> DeviceClass {
        let part = |part: &'static str| Some(part).filter(|part| !part.is_empty());
        let (oui, product_class) = (oui.to_owned().leak(), product_class.to_owned().leak());
        DeviceClass::new(part(oui), part(product_class)).unwrap()
    }

    #[test]
    fn the_most_specific_exception_counts() {
        let value = PerDevice::new(
            0,
            [
                (class("00256D", ""), 1),
                (class("", "Set-Top Box"), 2),
                (class("00256D", "IGD"), 3),
            ],
        );
        for (device, expected) in [
            (device("00256D", ""), 1),
            (device("00256D", "ONT"), 1),
            (device("00256D", "IGD"), 3),
            (device("00256E", "IGD"), 0),
            (device("00256E", "Set-Top Box"), 2),
            (device("00256E", ""), 0),
        ] {
            assert_eq!(*value.of(&device), expected, "{device}");
        }
    }

    #[test]
    fn a_value_without_exceptions_is_that_of_every_device() {
        assert_eq!(*PerDevice::from(7).of(&device("00256D", "IGD")), 7);
    }

    #[test]
    fn classes_cross_where_each_names_what_the_other_leaves_open() {
        let (oui, product_class) = (class("00256D", ""), class("", "IGD"));
        let both = class("00256D", "IGD");
        assert_eq!(oui.crossed_with(&product_class), Some(both.clone()));
        assert_eq!(product_class.crossed_with(&oui), Some(both.clone()));
        assert_eq!(oui.crossed_with(&both), None);
        assert_eq!(oui.crossed_with(&oui), None);
    }

    #[test]
    fn classes_of_nothing_are_refused() {
        assert!(DeviceClass::new(Some(""), None).is_err());
        assert!(DeviceClass::new(None, Some(&"x".repeat(65))).is_err());
    }
}
