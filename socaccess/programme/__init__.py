"""What a regional plan needs beyond one study: need, models, cooperation, money, checks."""
