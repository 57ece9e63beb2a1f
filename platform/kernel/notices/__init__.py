"""Official documents (文书): versioned templates as data, numbers without gaps, one rendering for paper and screen."""
