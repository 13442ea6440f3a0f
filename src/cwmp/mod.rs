//! CWMP vocabulary (Broadband Forum TR-069); knows nothing of oneM2M or Kafka.

mod command_key;
mod device_id;
mod fault;
mod per_device;
mod rpc;
mod transfer_complete;

pub use command_key::{CommandKey, CommandKeyError};
pub use device_id::{DeviceId, DeviceIdError};
pub use fault::{Fault, FaultCode, FaultCodeError, ParameterFault};
pub use per_device::{DeviceClass, PerDevice};
pub use rpc::{
    Download, DownloadFile, DownloadStatus, GetParameterValues, ParameterSetting, ParameterValue,
    Rejection, RejectionReason, Rpc, SetParameterValues, SetStatus, SettingValue,
};
pub use transfer_complete::TransferComplete;
