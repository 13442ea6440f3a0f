use std::fmt::Write as _;

use crate::cwmp::{ParameterSetting, SettingValue};
use crate::onem2m::Suid;

/// The SUIDs parameter of the row at `path`, which ends with a dot: decimal numbers in the order of the request,
/// separated by commas (TS-0006 clause 5; TR-106 clause 3.2.3).
pub(super) fn suids_parameter(path: &str, name: &str, suids: &[Suid]) -> ParameterSetting {
    let mut value = String::with_capacity(suids.len() * 3);
    for suid in suids {
        if !value.is_empty() {
            value.push(',');
        }
        write!(value, "{}", suid.get()).expect("writing to memory does not fail");
    }
    ParameterSetting {
        name: format!("{path}{name}").into(),
        value: SettingValue::Text(value.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suids_keep_the_order_of_the_request() {
        let suids = [43, 40, 42].map(|number| Suid::try_from(number).unwrap());
        let parameter = suids_parameter("Device.Security.Certificate.3.", "SUIDs", &suids);
        assert_eq!(&*parameter.name, "Device.Security.Certificate.3.SUIDs");
        assert_eq!(parameter.value, SettingValue::Text("43,40,42".into()));
    }
}
