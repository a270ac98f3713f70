//! One file for each verb.
pub mod classify;
pub mod demo;
pub mod diff;
pub mod doctor;
pub mod eval;
pub mod evidence;
pub mod export;
pub mod import;
pub mod pdf_child;
pub mod read;
mod read_table;
pub mod serve;
pub mod show;
pub mod track;
pub mod train;
pub mod up;
pub mod verify;
pub mod work;
