"""Has the data moved: profiles of columns, tests of a block of rows, where a shift lies. Statistics only, no I/O.

training and test rows
  -> profile.build_profile                      Profile        bins from training rows, counts of test rows, as JSON
  -> ColumnProfile.place | count                bins, counts   of any later rows; counts of looks add up to blocks

a block's counts
  -> blocks.test_block                          BlockResult    p-values per column, the smallest adjusted, PSI
a block's rows, and reference rows
  -> c2st.classify                              C2ST           can a classifier tell them apart: dependence
  -> locate.find_factor | find_segment          where it lies  a factor such as 12, a segment such as age <= 29.5

records in the order of the log
  -> watch.Watch.look                           Look           evidence after each look, over all columns together
  -> harm.LossWatch.look                        Look           the same for the losses of labelled rows
  -> estimates, expected                        Estimate       AUC, loss, calibration with intervals; without labels

Below: columns (what a column is), bins (edges and counting), homogeneity (the tests of two rows of counts), psi,
ties (random numbers from identities), streams, conformal and betting (parts of the watch), losses, exact (the same
bits on each machine), state (as bytes).
Imported, never run; imports nothing of ours.
"""
