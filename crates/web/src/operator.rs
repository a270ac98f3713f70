//! Who runs the instance, and so may review records and operate it: everything that asks for an operator asks here.
pub(crate) use crate::owner::Owner as Operator;
