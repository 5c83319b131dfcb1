mod replay;
use clap::Parser;
#[derive(Parser)]
struct C { #[command(flatten)] o: replay::Options }
fn main() { let c = C::parse(); let t = replay::run(&c.o, &mut std::io::stdout().lock()); println!("{t:?}"); }
