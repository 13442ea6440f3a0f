//! What a CPE event says, as slices of wherever it stands: a record, or a message that a library has read.
//!
//! Fields that the bridge has no use for are left out.

use crate::wire::r#gen::{self, CpeEvent, cpe_event};

/// A CPE event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message<'a> {
    pub(super) device: Option<Device<'a>>,
    pub(super) command_id: &'a str,
    pub(super) command_key: &'a str,
    /// What happened; absent if it is nothing that is known.
    pub(super) said: Option<Said<'a>>,
}

/// The parts of a device id; nothing is known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Device<'a> {
    pub(super) oui: &'a str,
    pub(super) product_class: &'a str,
    pub(super) serial_number: &'a str,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said<'a> {
    AutonomousTransferComplete,
    CancelTransferResponse,
    DownloadResponse { status: u32 },
    Fault(Fault<'a>),
    GetParameterNamesResponse,
    GetParameterValuesResponse(Vec<Parameter<'a>>),
    Rejection { reason: i32, detail: &'a str },
    SetParameterValuesResponse { status: u32 },
    TransferComplete(TransferComplete<'a>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fault<'a> {
    pub(super) code: u32,
    pub(super) text: &'a str,
    pub(super) parameters: Vec<ParameterFault<'a>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct ParameterFault<'a> {
    pub(super) name: &'a str,
    pub(super) code: u32,
    pub(super) text: &'a str,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct TransferComplete<'a> {
    pub(super) command_key: &'a str,
    pub(super) fault: Option<FaultStruct<'a>>,
    pub(super) certificate_path: &'a str,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct FaultStruct<'a> {
    pub(super) code: u32,
    pub(super) text: &'a str,
}

/// Fills a slot; `None`: it is filled already, and what comes twice is for the libraries to judge.
pub(super) fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

impl<'a> From<&'a CpeEvent> for Message<'a> {
    fn from(event: &'a CpeEvent) -> Self {
        Self {
            device: event.device.as_ref().map(Device::from),
            command_id: &event.command_id,
            command_key: &event.command_key,
            said: event.event.as_ref().map(Said::from),
        }
    }
}

impl<'a> From<&'a r#gen::DeviceId> for Device<'a> {
    fn from(device: &'a r#gen::DeviceId) -> Self {
        Self {
            oui: &device.oui,
            product_class: &device.product_class,
            serial_number: &device.serial_number,
        }
    }
}

impl<'a> From<&'a cpe_event::Event> for Said<'a> {
    fn from(event: &'a cpe_event::Event) -> Self {
        match event {
            cpe_event::Event::AutonomousTransferComplete(_) => Self::AutonomousTransferComplete,
            cpe_event::Event::CancelTransferResponse(_) => Self::CancelTransferResponse,
            cpe_event::Event::DownloadResponse(said) => Self::DownloadResponse {
                status: said.status,
            },
            cpe_event::Event::Fault(said) => Self::Fault(Fault {
                code: said.fault_code,
                text: &said.fault_string,
                parameters: said
                    .set_parameter_values_faults
                    .iter()
                    .map(|fault| ParameterFault {
                        name: &fault.parameter_name,
                        code: fault.fault_code,
                        text: &fault.fault_string,
                    })
                    .collect(),
            }),
            cpe_event::Event::GetParameterNamesResponse(_) => Self::GetParameterNamesResponse,
            cpe_event::Event::GetParameterValuesResponse(said) => Self::GetParameterValuesResponse(
                said.parameters
                    .iter()
                    .map(|parameter| Parameter {
                        name: &parameter.name,
                        value: &parameter.value,
                    })
                    .collect(),
            ),
            cpe_event::Event::Rejection(said) => Self::Rejection {
                reason: said.reason,
                detail: &said.detail,
            },
            cpe_event::Event::SetParameterValuesResponse(said) => {
                Self::SetParameterValuesResponse {
                    status: said.status,
                }
            }
            cpe_event::Event::TransferComplete(said) => Self::TransferComplete(TransferComplete {
                command_key: &said.command_key,
                fault: said.fault.as_ref().map(|fault| FaultStruct {
                    code: fault.fault_code,
                    text: &fault.fault_string,
                }),
                certificate_path: &said.certificate_path,
            }),
        }
    }
}
