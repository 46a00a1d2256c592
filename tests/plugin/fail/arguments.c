/* Options are one string. */
__attribute__((profile(3))) int number(void);
/* error 16: 'profile' expects its options as one string: "rate=0.5, env=dev" */

__attribute__((profile_calls(L"env=dev"))) int wide(void);
/* error 16: 'profile_calls' expects its options as one string: "rate=0.5, env=dev" */

__attribute__((profile("rate=0.5\0, env=dev"))) int cut(void);
/* error 16: 'profile' expects its options as one string: "rate=0.5, env=dev" */

__attribute__((profile_if_slow)) int none(void);
/* error 16: profile_if_slow needs a threshold */
