// The tests of this target come with the next merge.
