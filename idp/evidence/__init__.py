"""What an account's real-name level (实名等级) rests on: records of evidence, and the level that follows from them."""
