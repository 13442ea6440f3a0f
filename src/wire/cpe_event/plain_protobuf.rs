//! Protobuf as nearly every encoder writes it: read as slices of the record, without a message of copies.
//!
//! Whatever else protobuf allows is left to the library: groups, messages that stand in several pieces, events that
//! answer no command of the bridge. So is everything that it refuses, and with it what is told of a broken message.

use prost::encoding::decode_varint;

use super::message::{
    Device, Fault, FaultStruct, Message, Parameter, ParameterFault, Said, TransferComplete, once,
};

/// Reads a CpeEvent; `None`: the library has to.
pub(super) fn read(payload: &[u8]) -> Option<Message<'_>> {
    let mut message = Message::default();
    let mut observed_at = None;
    Piece::new(payload).fields(|number, value| match number {
        1 => once(&mut message.device, device(value.piece()?)?),
        2 => value.text_into(&mut message.command_id),
        3 => value.text_into(&mut message.command_key),
        4 => once(&mut observed_at, timestamp(value.piece()?)?),
        10..=18 => once(&mut message.said, said(number, value.piece()?)?),
        _ => Some(()),
    })?;
    message.said.is_some().then_some(message)
}

/// A piece of the payload: a message or a text.
#[derive(Clone, Copy)]
struct Piece<'a> {
    /// The payload up to where the piece ends.
    bytes: &'a [u8],
    /// Where it begins.
    start: usize,
    /// The payload, if it is a text as a whole, as nearly all are: then every text in it need not be looked at again.
    text: Option<&'a str>,
}

impl<'a> Piece<'a> {
    fn new(payload: &'a [u8]) -> Self {
        Self {
            bytes: payload,
            start: 0,
            text: std::str::from_utf8(payload).ok(),
        }
    }

    fn text(self) -> Option<&'a str> {
        let range = self.start..self.bytes.len();
        match self.text {
            Some(text) => text.get(range),
            None => std::str::from_utf8(&self.bytes[range]).ok(),
        }
    }

    /// Calls with the number and the value of every field of a message.
    fn fields(self, mut field: impl FnMut(u32, Value<'a>) -> Option<()>) -> Option<()> {
        let (bytes, mut at) = (self.bytes, self.start);
        while at < bytes.len() {
            let key = u32::try_from(varint(bytes, &mut at)?).ok()?;
            let value = match key & 7 {
                0 => Value::Varint(varint(bytes, &mut at)?),
                1 => Value::fixed(bytes, &mut at, 8)?,
                2 => {
                    let length = usize::try_from(varint(bytes, &mut at)?).ok()?;
                    let piece = Piece {
                        bytes: bytes.get(..at.checked_add(length)?)?,
                        start: at,
                        ..self
                    };
                    at += length;
                    Value::Piece(piece)
                }
                5 => Value::fixed(bytes, &mut at, 4)?,
                _ => return None,
            };
            match key >> 3 {
                0 => return None,
                number => field(number, value)?,
            }
        }
        Some(())
    }
}

/// Nearly all have one byte.
#[inline]
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    match bytes.get(*at) {
        Some(byte) if *byte < 0x80 => {
            *at += 1;
            Some(u64::from(*byte))
        }
        Some(_) => long_varint(bytes, at),
        None => None,
    }
}

fn long_varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut rest = &bytes[*at..];
    let number = decode_varint(&mut rest).ok()?;
    *at = bytes.len() - rest.len();
    Some(number)
}

/// The value of a field.
#[derive(Clone, Copy)]
enum Value<'a> {
    Varint(u64),
    Piece(Piece<'a>),
    /// Four or eight bytes, which no known field has.
    Fixed,
}

impl<'a> Value<'a> {
    fn fixed(bytes: &[u8], at: &mut usize, length: usize) -> Option<Self> {
        *at += length;
        (*at <= bytes.len()).then_some(Self::Fixed)
    }

    fn piece(self) -> Option<Piece<'a>> {
        match self {
            Self::Piece(piece) => Some(piece),
            Self::Varint(_) | Self::Fixed => None,
        }
    }

    fn varint(self) -> Option<u64> {
        match self {
            Self::Varint(number) => Some(number),
            Self::Piece(_) | Self::Fixed => None,
        }
    }

    /// Of several values the last counts, as in [`Self::number_into`].
    fn text_into(self, slot: &mut &'a str) -> Option<()> {
        *slot = self.piece()?.text()?;
        Some(())
    }

    /// A text that the bridge has no use for.
    fn text(self) -> Option<()> {
        self.text_into(&mut "")
    }

    fn number_into(self, slot: &mut u32) -> Option<()> {
        *slot = u32::try_from(self.varint()?).ok()?;
        Some(())
    }
}

fn device(piece: Piece<'_>) -> Option<Device<'_>> {
    let mut device = Device::default();
    piece.fields(|number, value| match number {
        1 => value.text_into(&mut device.oui),
        2 => value.text_into(&mut device.product_class),
        3 => value.text_into(&mut device.serial_number),
        _ => Some(()),
    })?;
    Some(device)
}

/// google.protobuf.Timestamp, of which any is one.
fn timestamp(piece: Piece<'_>) -> Option<()> {
    piece.fields(|number, value| match number {
        1 | 2 => value.varint().map(drop),
        _ => Some(()),
    })
}

fn said(number: u32, piece: Piece<'_>) -> Option<Said<'_>> {
    Some(match number {
        10 => Said::DownloadResponse {
            status: download_status(piece)?,
        },
        11 => Said::TransferComplete(transfer_complete(piece)?),
        12 => Said::SetParameterValuesResponse {
            status: set_status(piece)?,
        },
        13 => Said::GetParameterValuesResponse(parameter_values(piece)?),
        15 => {
            piece.fields(|_, _| Some(()))?;
            Said::CancelTransferResponse
        }
        16 => Said::Fault(fault(piece)?),
        17 => rejection(piece)?,
        _ => return None,
    })
}

fn download_status(piece: Piece<'_>) -> Option<u32> {
    let mut status = 0;
    piece.fields(|number, value| match number {
        1 => value.number_into(&mut status),
        2 | 3 => value.text(),
        _ => Some(()),
    })?;
    Some(status)
}

fn transfer_complete(piece: Piece<'_>) -> Option<TransferComplete<'_>> {
    let mut transfer = TransferComplete::default();
    piece.fields(|number, value| match number {
        1 => value.text_into(&mut transfer.command_key),
        2 => once(&mut transfer.fault, fault_struct(value.piece()?)?),
        3 | 4 => value.text(),
        5 => value.text_into(&mut transfer.certificate_path),
        _ => Some(()),
    })?;
    Some(transfer)
}

fn fault_struct(piece: Piece<'_>) -> Option<FaultStruct<'_>> {
    let mut fault = FaultStruct::default();
    piece.fields(|number, value| match number {
        1 => value.number_into(&mut fault.code),
        2 => value.text_into(&mut fault.text),
        _ => Some(()),
    })?;
    Some(fault)
}

fn set_status(piece: Piece<'_>) -> Option<u32> {
    let mut status = 0;
    piece.fields(|number, value| match number {
        1 => value.number_into(&mut status),
        _ => Some(()),
    })?;
    Some(status)
}

fn parameter_values(piece: Piece<'_>) -> Option<Vec<Parameter<'_>>> {
    let mut parameters = Vec::new();
    piece.fields(|number, value| {
        if number == 1 {
            let mut parameter = Parameter::default();
            value.piece()?.fields(|number, value| match number {
                1 => value.text_into(&mut parameter.name),
                2 => value.text_into(&mut parameter.value),
                3 => value.text(),
                _ => Some(()),
            })?;
            parameters.push(parameter);
        }
        Some(())
    })?;
    Some(parameters)
}

fn fault(piece: Piece<'_>) -> Option<Fault<'_>> {
    let mut fault = Fault::default();
    piece.fields(|number, value| match number {
        1 => value.number_into(&mut fault.code),
        2 => value.text_into(&mut fault.text),
        3 => {
            fault.parameters.push(parameter_fault(value.piece()?)?);
            Some(())
        }
        _ => Some(()),
    })?;
    Some(fault)
}

fn parameter_fault(piece: Piece<'_>) -> Option<ParameterFault<'_>> {
    let mut fault = ParameterFault::default();
    piece.fields(|number, value| match number {
        1 => value.text_into(&mut fault.name),
        2 => value.number_into(&mut fault.code),
        3 => value.text_into(&mut fault.text),
        _ => Some(()),
    })?;
    Some(fault)
}

fn rejection(piece: Piece<'_>) -> Option<Said<'_>> {
    let (mut reason, mut text) = (0, "");
    piece.fields(|number, value| match number {
        1 => {
            reason = i32::try_from(value.varint()?).ok()?;
            Some(())
        }
        2 => value.text_into(&mut text),
        _ => Some(()),
    })?;
    Some(Said::Rejection {
        reason,
        detail: text,
    })
}
