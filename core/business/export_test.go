package business

// Crowded is [crowded] with commas.
func Crowded(body []byte) int { return crowded(body, ',') }
