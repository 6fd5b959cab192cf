//! The server of ЭПОС: features in folders of their own, beside them what all of them stand on.

pub mod accounts;
pub mod app;
mod assets;
pub mod audit;
pub mod cli;
pub mod config;
pub mod consent;
pub mod context;
mod cursor;
pub mod db;
pub mod demo;
pub mod error;
mod health;
pub mod http;
pub mod import;
mod invented;
pub mod jobs;
pub mod kontingent;
pub mod mail;
pub mod openapi;
pub mod organizations;
pub mod quota;
pub mod registration;
pub mod seed;
pub mod subsystems;
mod tables;
mod workers;
