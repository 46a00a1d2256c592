/*
 * See resolver.h. The search runs once, when GCC lowers the first body of the translation
 * unit: from each resolver along its direct calls. At that time most bodies are still the
 * front end's trees; a few are GIMPLE.
 *
 * The resolvers that the compiler makes do not exist yet then. They call libgcc only.
 */
#include "resolver.h"

#include "gimple-walk.h"
#include "site.h"

/* Stored by number: GCC may free the declaration. */
struct early_function {
    unsigned uid;
    const char *why;
};

static auto_vec<early_function> known;
static auto_vec<tree> waiting; /* found, but their calls are not searched yet */

const char *dp_runs_early(tree fn)
{
    for (unsigned i = 0; i < known.length(); i++)
        if (known[i].uid == DECL_UID(fn))
            return known[i].why;
    return NULL;
}

static void add(tree fn, const char *why)
{
    struct cgraph_node *node = fn ? cgraph_node::get(fn) : NULL;
    if (!node || !node->definition || dp_runs_early(fn))
        return;
    known.safe_push({DECL_UID(fn), why});
    waiting.safe_push(fn);
}

static tree add_callee_of_tree(tree *at, int *, void *why)
{
    if (TREE_CODE(*at) == CALL_EXPR)
        add(get_callee_fndecl(*at), (const char *)why);
    return NULL_TREE;
}

static tree add_callee_of_statement(gimple_stmt_iterator *at, bool *, struct walk_stmt_info *info)
{
    if (is_gimple_call(gsi_stmt(*at)))
        add(gimple_call_fndecl(gsi_stmt(*at)), (const char *)info->info);
    return NULL_TREE;
}

static void add_callees(tree fn)
{
    char *why = xasprintf("is called by '%s' before the program is linked", dp_function_name(fn));
    struct walk_stmt_info info = {};
    info.info = why;
    if (DECL_SAVED_TREE(fn))
        walk_tree_without_duplicates(&DECL_SAVED_TREE(fn), add_callee_of_tree, why);
    else if (gimple_has_body_p(fn))
        walk_gimple_seq(gimple_body(fn), add_callee_of_statement, NULL, &info);
}

static void add_resolver_of(tree attribute)
{
    const char *name = TREE_STRING_POINTER(TREE_VALUE(TREE_VALUE(attribute)));
    struct cgraph_node *node;
    FOR_EACH_FUNCTION(node)
    if (strcmp(IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(node->decl)), name) == 0)
        add(node->decl, "resolves an ifunc, and runs before the program is linked");
}

void dp_find_early_functions(void)
{
    static bool done;
    struct cgraph_node *node;
    if (done)
        return;
    done = true;
    FOR_EACH_FUNCTION(node)
    if (tree ifunc = lookup_attribute("ifunc", DECL_ATTRIBUTES(node->decl)))
        add_resolver_of(ifunc);
    while (!waiting.is_empty())
        add_callees(waiting.pop());
}

bool dp_is_made_resolver(tree fn)
{
    const char *name = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fn));
    return DECL_ARTIFICIAL(fn) && strstr(name, ".resolver");
}
