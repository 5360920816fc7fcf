fn main() { let d = std::env::args().nth(1).unwrap(); match flashcrowd_verify::cpu_cfs::calibrate(std::path::Path::new(&d)) { Ok(r) => println!("{r}"), Err(e) => println!("{e}: {:?}", e) } }
