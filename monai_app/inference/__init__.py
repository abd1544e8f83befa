"""Floor 4: from one volume to its labels, measurements and doubts."""
