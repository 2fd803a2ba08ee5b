use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{HoldReason, State, UploadId, Waiting, Work, WorkStatus};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that is stored and that JSON shows.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What people read.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// The value of a stored word; `None` for any other text.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.label())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What a work order asks for.
    OrderType {
        /// A new product.
        Add = "add", "ADD";
        /// Other values for a product that is there.
        Change = "change", "CHANGE";
        /// The removal of a product.
        Cancel = "cancel", "CANCEL";
        /// Another phone in place of a phone.
        Replace = "replace", "REPLACE";
        /// Another owner for a phone.
        ChangeOwner = "change_owner", "CHANGE_OWNER";
        /// An end to a lock-out.
        Unlock = "unlock", "UNLOCK";
    }
}

words! {
    /// Where a work order came from; it decides what a failure leads to.
    Origin {
        /// A row of an upload, a scheduled run too.
        Batch = "batch", "batch";
        /// The order API.
        Api = "api", "order API";
        /// A person who watches: the console, or a single order at the command line.
        Console = "console", "console";
    }
}

words! {
    /// What a person reads beside the state.
    ExtendedStatus {
        /// Its steps are being run, or wait for their turn or their next try.
        BeingProvisioned = "being_provisioned", "Being Provisioned";
        /// It failed in a way that may pass; a person decides.
        RecoverableError = "recoverable_error", "Recoverable Error";
        /// It failed in a way that only a change can mend.
        UnrecoverableError = "unrecoverable_error", "Unrecoverable Error";
        /// A person must approve it.
        WaitForApproval = "wait_for_approval", "Wait for Approval";
        /// A person must assign a phone.
        WaitForAssignment = "wait_for_assignment", "Wait for Assignment";
        /// A person must ship the phone.
        WaitForShipping = "wait_for_shipping", "Wait for Shipping";
        /// A person must receive the phone.
        WaitForReceiving = "wait_for_receiving", "Wait for Receiving";
        /// Its device is synchronising or its maintenance window is closed.
        WaitForDevice = "wait_for_device", "Wait for Device";
        /// An earlier order of the same user isn't completed.
        WaitForOrder = "wait_for_order", "Wait for Order";
        /// Its run is paused. It is derived from the run, never stored: pausing changes no order.
        Paused = "paused", "Paused";
        /// A person stopped it.
        Aborted = "aborted", "Aborted";
    }
}

words! {
    /// What an order holds of its organization's licences.
    Reservation {
        /// Nothing, or what it held was given back.
        None = "none", "none";
        /// Its licences are set aside.
        Held = "held", "held";
        /// Its licences are used.
        Used = "used", "used";
    }
}

/// Why an order is where it is: what the report shows beside the outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable rule or device code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What a person can do about it.
    pub repair: Option<String>,
}

impl From<crate::Complaint> for Reason {
    fn from(complaint: crate::Complaint) -> Self {
        Self { code: complaint.code, message: complaint.message, repair: complaint.repair }
    }
}

/// The place of a row: which upload, and which row as a spreadsheet numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowRef {
    /// The file.
    pub upload: UploadId,
    /// The row, the header being 1.
    pub row: u32,
}

impl State {
    /// What a person reads beside this state, apart from what the run and the device add to it.
    pub const fn extended(self) -> Option<ExtendedStatus> {
        match self {
            Self::Initial(Waiting::ForOrder) => Some(ExtendedStatus::WaitForOrder),
            Self::Initial(Waiting::Nothing) | Self::Completed | Self::Cancelled => None,
            Self::Released(Work { status, .. }) => Some(match status {
                WorkStatus::BeingProvisioned => ExtendedStatus::BeingProvisioned,
                WorkStatus::RecoverableError => ExtendedStatus::RecoverableError,
                WorkStatus::UnrecoverableError => ExtendedStatus::UnrecoverableError,
            }),
            Self::Hold { why: HoldReason::RecoverableError, .. } => Some(ExtendedStatus::RecoverableError),
            Self::Hold { why: HoldReason::UnrecoverableError, .. } => Some(ExtendedStatus::UnrecoverableError),
            Self::Hold { why: HoldReason::Aborted, .. } => Some(ExtendedStatus::Aborted),
        }
    }
}
