//! The identity of a device as messages carry it.

use crate::cwmp::DeviceId;

use super::r#gen;

impl From<&DeviceId> for r#gen::DeviceId {
    fn from(device: &DeviceId) -> Self {
        Self {
            oui: device.oui(),
            product_class: device.product_class(),
            serial_number: device.serial_number(),
        }
    }
}
