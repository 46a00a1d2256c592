/*
 * Registers the attributes and checks each one where the parser meets it. GCC calls
 * handle() once for every attribute on every declaration, before it merges that declaration
 * with earlier ones. dp_collect_attributes() checks what the merged declarations say
 * together, when the pass has the body.
 */
#include "attribute.h"
#include "common/event_keys.h"
#include "diagnostic.h"

static const char *const names[DP_ATTRIBUTE_COUNT] = {
#define DP_ATTRIBUTE(id, name, macro) name,
#include "deep_profile/attributes.def"
};

/* Maps an attribute's argument list to the location of its declaration: GCC merges
 * declarations, and arguments have no location. A key may outlive its tree, so use the map
 * for messages only. */
static hash_map<tree, location_t> *declared;

static bool find_attribute_name(tree name, enum dp_attribute *attribute)
{
    for (int i = 0; i < DP_ATTRIBUTE_COUNT; i++)
        if (is_attribute_p(names[i], name)) {
            *attribute = (enum dp_attribute)i;
            return true;
        }
    return false;
}

/* The options as text: "" if there are none, NULL if they are not one plain string. */
static const char *text_of(tree args)
{
    if (!args)
        return "";
    tree string = TREE_VALUE(args);
    if (TREE_CODE(string) != STRING_CST)
        return NULL;
    const char *text = TREE_STRING_POINTER(string);
    tree type = TREE_TYPE(string);
    if (type && TYPE_SIZE(TREE_TYPE(type)) &&
        !tree_int_cst_equal(TYPE_SIZE(TREE_TYPE(type)), TYPE_SIZE(char_type_node)))
        return NULL;
    size_t length = (size_t)TREE_STRING_LENGTH(string);
    return length > 0 && strlen(text) + 1 == length ? text : NULL;
}

static const char *describe(tree node)
{
    switch (TREE_CODE(node)) {
    case PARM_DECL:
        return "a parameter";
    case FIELD_DECL:
        return "a member";
    case LABEL_DECL:
        return "a label";
    case TYPE_DECL:
        return "a typedef";
    case CONST_DECL:
        return "an enumerator";
    case VAR_DECL:
        if (POINTER_TYPE_P(TREE_TYPE(node)) && FUNC_OR_METHOD_TYPE_P(TREE_TYPE(TREE_TYPE(node))))
            return "a pointer to a function";
        return "a variable";
    default:
        return TYPE_P(node) ? "a type" : "something else";
    }
}

static void refuse_node(tree node, enum dp_attribute attribute, const char *text)
{
    struct dp_attribute_place place;
    dp_find_attribute(&place, node, attribute, text);
    if (DECL_P(node) && DECL_NAME(node))
        error_at(place.name, "'%s' belongs on a function, but '%s' is %s", names[attribute],
                 IDENTIFIER_POINTER(DECL_NAME(node)), describe(node));
    else
        error_at(place.name, "'%s' belongs on a function, but this is %s", names[attribute],
                 describe(node));
}

/* Is the same attribute, with other options, already on the declaration? */
static bool given_before(tree fn, enum dp_attribute attribute, tree args, const char *text)
{
    for (tree a = lookup_attribute(names[attribute], DECL_ATTRIBUTES(fn)); a;
         a = lookup_attribute(names[attribute], TREE_CHAIN(a))) {
        const char *other = text_of(TREE_VALUE(a));
        if (TREE_VALUE(a) != args && other && strcmp(other, text) != 0)
            return true;
    }
    return false;
}

static bool check(tree fn, enum dp_attribute attribute, tree args, const char *text)
{
    struct dp_attribute_place place;
    struct dp_options options;
    struct dp_options_error error;
    if (!text) {
        dp_find_attribute(&place, fn, attribute, NULL);
        error_at(place.name, "'%s' expects its options as one string: \"rate=0.5, env=dev\"",
                 names[attribute]);
        return false;
    }
    if (dp_options_parse(attribute, text, &options, &error) != 0 ||
        dp_event_keys_check(text, &options, &error) != 0) {
        dp_find_attribute(&place, fn, attribute, text);
        dp_report(&place, &error);
        return false;
    }
    if (given_before(fn, attribute, args, text)) {
        dp_find_attribute(&place, fn, attribute, text);
        error_at(place.name, "'%s' is on '%s' twice, with different options", names[attribute],
                 IDENTIFIER_POINTER(DECL_NAME(fn)));
        return false;
    }
    if (args)
        declared->put(args, DECL_SOURCE_LOCATION(fn));
    return true;
}

static tree handle(tree *node, tree name, tree args, int flags, bool *no_add_attrs)
{
    enum dp_attribute attribute;
    const char *text = text_of(args);
    if (!find_attribute_name(name, &attribute))
        return NULL_TREE;
    if (TYPE_P(*node) &&
        (flags & (ATTR_FLAG_DECL_NEXT | ATTR_FLAG_FUNCTION_NEXT | ATTR_FLAG_ARRAY_NEXT))) {
        /* In `int *DEEP_PROFILE() f(void)` the attribute belongs to f, not to the type. */
        *no_add_attrs = true;
        return tree_cons(name, args, NULL_TREE);
    }
    if (TREE_CODE(*node) != FUNCTION_DECL)
        refuse_node(*node, attribute, text);
    *no_add_attrs = TREE_CODE(*node) != FUNCTION_DECL || !check(*node, attribute, args, text);
    return NULL_TREE;
}

void dp_register_attributes(void *, void *)
{
    static struct attribute_spec specs[DP_ATTRIBUTE_COUNT];
    declared = new hash_map<tree, location_t>;
    for (int i = 0; i < DP_ATTRIBUTE_COUNT; i++) {
        specs[i].name = names[i];
        specs[i].max_length = 1;
        specs[i].handler = handle;
        register_attribute(&specs[i]);
    }
}

/* The location of an attribute (from DECL_ATTRIBUTES) that handle() has checked. */
static location_t place_of(tree written, tree fn)
{
    struct dp_attribute_place place;
    enum dp_attribute attribute;
    tree args = TREE_VALUE(written);
    location_t *known = args ? declared->get(args) : NULL;
    if (!find_attribute_name(get_attribute_name(written), &attribute))
        return DECL_SOURCE_LOCATION(fn);
    dp_find_attribute_of_function(&place, known ? *known : DECL_SOURCE_LOCATION(fn), attribute,
                                  text_of(args));
    return place.name;
}

/* Reports an error if two declarations of one function have different options. */
static bool agree(tree fn, tree a, tree b)
{
    if (strcmp(text_of(TREE_VALUE(a)), text_of(TREE_VALUE(b))) == 0)
        return true;
    location_t one = place_of(a, fn), other = place_of(b, fn);
    bool swap = linemap_location_before_p(line_table, one, other);
    error_at(swap ? other : one, "'%s' is on '%s' twice, with different options",
             IDENTIFIER_POINTER(get_attribute_name(a)), IDENTIFIER_POINTER(DECL_NAME(fn)));
    inform(swap ? one : other, "the other is here");
    return false;
}

bool dp_is_annotated(tree fn)
{
    for (const char *name : names)
        if (lookup_attribute(name, DECL_ATTRIBUTES(fn)) ||
            lookup_attribute(name, DECL_ATTRIBUTES(DECL_ORIGIN(fn))))
            return true;
    return false;
}

bool dp_collect_attributes(tree fn, vec<dp_annotation> *written)
{
    for (int i = 0; i < DP_ATTRIBUTE_COUNT; i++) {
        tree found = lookup_attribute(names[i], DECL_ATTRIBUTES(fn));
        if (!found)
            continue;
        for (tree a = found; a; a = lookup_attribute(names[i], TREE_CHAIN(a)))
            if (!agree(fn, found, a))
                return false;
        struct dp_annotation one;
        struct dp_options_error error;
        one.attribute = (enum dp_attribute)i;
        one.text = text_of(TREE_VALUE(found));
        if (!one.text || dp_options_parse(one.attribute, one.text, &one.options, &error) != 0)
            continue; /* impossible: handle() has parsed it */
        written->safe_push(one);
    }
    return !written->is_empty();
}

void dp_check_bodiless(void *, void *)
{
    static bool done;
    struct cgraph_node *node;
    if (done)
        return;
    done = true;
    FOR_EACH_FUNCTION(node)
    {
        bool ifunc = lookup_attribute("ifunc", DECL_ATTRIBUTES(node->decl));
        if (!ifunc && !lookup_attribute("alias", DECL_ATTRIBUTES(node->decl)))
            continue;
        for (const char *name : names)
            if (tree a = lookup_attribute(name, DECL_ATTRIBUTES(node->decl)))
                error_at(place_of(a, node->decl),
                         "'%s' belongs on a function with a body, but '%s' is an %s: put it on %s",
                         name, IDENTIFIER_POINTER(DECL_NAME(node->decl)), ifunc ? "ifunc" : "alias",
                         ifunc ? "the functions that its resolver chooses from" : "its target");
    }
}
