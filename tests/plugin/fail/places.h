/* Of places.c. */
DEEP_PROFILE(rate=1.125) int in_a_header(void);
/* error 19: rate '1.125' is outside 0 to 1 */
