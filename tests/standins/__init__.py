"""What stands in for libraries that need hardware which is not there."""
